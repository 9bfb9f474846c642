// The sample of the kill tests that runs with all other tests: one moment per victim, drawn by the seed of the run.

/** The moments to test for `victim`: all of them, or the one that this run's seed draws. */
export function drawnMoments<Moment>(victim: string, moments: readonly Moment[]): Moment[] {
  if (process.env["GASTOWN_TEST_SAMPLE"] !== "1") return [...moments];
  const seed = Number(process.env["GASTOWN_TEST_SEED"] ?? "0");
  const at = Number(Bun.hash(`${seed} ${victim}`) % BigInt(moments.length));
  return moments.slice(at, at + 1);
}
