/** What one play is made of. All of it follows from the seed and the size. */

export interface Size {
  beads: number;
  rigs: number;
  runners: number;
}

/** For quick plays. */
export const SMALL: Size = { beads: 14, rigs: 3, runners: 3 };

export interface Scenario {
  seed: number;
  size: Size;
  /** Names of faults that may come. */
  faults: readonly string[];
  /** People and faults act for so long; then the world is left to come to rest. */
  activeMs: number;
  /** How many times as often as at first thought faults come; once when it is left out. */
  pace?: number | undefined;
  /** Newest lines of the trace that are kept. */
  traceLines: number;
}

/** What a person writes to play it again. */
export function commandOf({
  seed,
  size,
  faults,
  activeMs,
  pace = 1,
}: Omit<Scenario, "traceLines">): string {
  const { beads, rigs, runners } = size;
  const sized = `--beads ${beads} --rigs ${rigs} --runners ${runners} --minutes ${activeMs / 60_000} --pace ${pace}`;
  return `./gastown sim --seed ${seed} --faults ${faults.join(",") || "none"} ${sized}`;
}
