/** How a process ended: always every field (`protocol/facts.ts` has the shape, for it travels). */
import type { ExitRecord } from "../../protocol/facts.ts";

export type { ExitRecord };

export function succeeded(exit: ExitRecord): boolean {
  return exit.code === 0 && !exit.timedOut && !exit.cancelled;
}

/** One sentence for people and logs. */
export function describeExit(exit: ExitRecord): string {
  const seconds = (exit.durationMs / 1000).toFixed(1);
  const how =
    exit.signal === null ? `exited with code ${exit.code}` : `was ended by ${exit.signal}`;
  const why = exit.timedOut ? " after its time limit" : exit.cancelled ? " when asked to stop" : "";
  return `${how}${why}${exit.forced ? ", by force" : ""}, after ${seconds} s`;
}

/** Of what was stopped before it was started. */
export const NEVER_RAN: ExitRecord = {
  code: null,
  signal: null,
  timedOut: false,
  cancelled: true,
  forced: false,
  durationMs: 0,
};
