// The sample of long tests that runs with all other tests: one variant of each, drawn by the seed of the run.

/** The variants to test of `what`: all of them, or the one that this run's seed draws. */
export function drawn<Variant>(what: string, variants: readonly Variant[]): Variant[] {
  if (process.env["GASTOWN_TEST_SAMPLE"] !== "1") return [...variants];
  const seed = Number(process.env["GASTOWN_TEST_SEED"] ?? "0");
  const at = Number(Bun.hash(`${seed} ${what}`) % BigInt(variants.length));
  return variants.slice(at, at + 1);
}

/** Registers the long tests of a file, in order: all of them, or the one of `count` that this run's seed draws. */
export function oneOfThem(what: string, count: number): (register: () => void) => void {
  const chosen = new Set(
    drawn(
      what,
      Array.from({ length: count }, (_, n) => n),
    ),
  );
  let n = 0;
  return (register) => {
    if (n >= count) throw new Error(`${what} has more than ${count} tests`);
    if (chosen.has(n)) register();
    n += 1;
  };
}
