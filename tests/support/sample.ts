// The sample of long tests that runs with all other tests: one variant of each, drawn by the seed of the run.

/** What stands for the agents of a test: kilo, or the scripted agent, which starts in no time. */
export type Agents = "kilo" | "scripted";

/** Of how many tests that any agent can play, one is played by kilo. */
const PLAYED_BY_ANY = 4;

/** Kilo; among all other tests, for most of those whose agent does not matter, the scripted one. */
export function agentsFor(what: string): Agents {
  if (!isSample()) return "kilo";
  return draw(what, PLAYED_BY_ANY) === 0 ? "kilo" : "scripted";
}

/** The variants to test of `what`: all of them, or the one that this run's seed draws. */
export function drawn<Variant>(what: string, variants: readonly Variant[]): Variant[] {
  if (!isSample()) return [...variants];
  const at = draw(what, variants.length);
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

/** Whether all tests are run, each part of them in a sample. */
export function isSample(): boolean {
  return process.env["GASTOWN_TEST_SAMPLE"] === "1";
}

/** A number below `count`. */
function draw(what: string, count: number): number {
  const seed = Number(process.env["GASTOWN_TEST_SEED"] ?? "0");
  return Number(Bun.hash(`${seed} ${what}`) % BigInt(count));
}
