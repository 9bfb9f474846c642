// Waiting for what no event tells: files of other processes, and the processes themselves.

const LOOK_EVERY_MS = 10;
const PATIENCE_MS = 60_000;

/** Looks until `see` finds what it looks for. Throws when that takes a minute. */
export async function eventually<T>(
  what: string,
  see: () => Promise<T | undefined>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const until = performance.now() + patienceMs;
  for (;;) {
    const seen = await see();
    if (seen !== undefined) return seen;
    if (performance.now() > until) throw new Error(`${what}: not within ${patienceMs / 1000} s`);
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
