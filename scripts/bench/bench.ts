// A bench: figures of one target, measured on this machine, each against its bar.

export interface Measurement {
  /** What was measured, in a few words; empty when the bench has one figure. */
  name: string;
  value: number;
  /** Unit of value and bar, e.g. `ms`, `MB`, `kB`, `% of a core`; `x` for a ratio. */
  unit: string;
  /** The value is good up to this, or from this on. */
  bar: { atMost: number } | { atLeast: number };
}

export interface Bench {
  /** The target's id, e.g. `P7`. */
  id: string;
  title: string;
  /** Measures. A throw means that it could not be measured, which is a miss. */
  run(context: BenchContext): Promise<Measurement[]>;
  /** Once more, shorter, with a CPU profile of the measured program written to `file`. Called after a miss. */
  profile?(context: BenchContext, file: string): Promise<void>;
}

export interface BenchContext {
  /** The checkout whose `./gastown` is measured. */
  root: string;
  /** A folder for this bench alone, removed afterwards. */
  folder: string;
  /** How long a bench watches that measures over a time. */
  seconds: number;
  /** A line about what is going on, for a person who waits. */
  progress(line: string): void;
}

/** Something that a bench needs is not on this machine; the message says in one sentence what to install. */
export class NotRun extends Error {
  constructor(sentence: string) {
    super(`not run: ${sentence}`);
  }
}

export type Verdict =
  | { id: string; ok: boolean; measurement: Measurement }
  | { id: string; ok: false; failure: string };

export function meets({ value, bar }: Measurement): boolean {
  // A figure that is not a number meets no bar.
  return "atMost" in bar ? value <= bar.atMost : value >= bar.atLeast;
}

/** `id value bar verdict`, separated by tabs. */
export function verdictLine(verdict: Verdict): string {
  if ("failure" in verdict) return `${verdict.id}\t-\t-\tMISS: ${verdict.failure}`;
  const { id, ok, measurement } = verdict;
  const { name, value, unit, bar } = measurement;
  const figure = `${Number(value.toFixed(3))} ${unit}${name === "" ? "" : ` ${name}`}`;
  const limit = "atMost" in bar ? `<= ${bar.atMost} ${unit}` : `>= ${bar.atLeast} ${unit}`;
  return `${id}\t${figure}\t${limit}\t${ok ? "ok" : "MISS"}`;
}
