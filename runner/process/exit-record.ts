/** How a process ended: always every field. */

export type ExitRecord = {
  /** Exit code, or null when a signal ended it. */
  code: number | null;
  /** Name of the signal that ended it (`SIGKILL`), or null. */
  signal: string | null;
  timedOut: boolean;
  /** We asked it to end before it did by itself. */
  cancelled: boolean;
  /** It did not obey and was killed. */
  forced: boolean;
  durationMs: number;
};

export function succeeded(exit: ExitRecord): boolean {
  return exit.code === 0 && !exit.timedOut && !exit.cancelled;
}

/** One sentence for people and logs. */
export function describeExit(exit: ExitRecord): string {
  const seconds = (exit.durationMs / 1000).toFixed(1);
  const how = exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  const why = exit.timedOut ? " after its time limit" : exit.cancelled ? " when asked to stop" : "";
  return `${how}${why}${exit.forced ? ", by force" : ""}, after ${seconds} s`;
}
