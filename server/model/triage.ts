/** Requests of triage: their states, and how long triage rests when its runs get nowhere. */
import type { BeadStatus, TriageState } from "../../protocol/index.ts";
import type { Policy } from "./policy.ts";

export const triageEvents = ["decided", "withdrawn", "expired"] as const;
export type TriageEvent = (typeof triageEvents)[number];

const ROWS: Readonly<Record<TriageState, Partial<Record<TriageEvent, TriageState>>>> = {
  open: { decided: "decided", withdrawn: "withdrawn", expired: "expired" },
  decided: {},
  withdrawn: {},
  expired: {},
};

/** The request's next state, or null when the event is refused in this state. */
export function triageAfter(state: TriageState, event: TriageEvent): TriageState | null {
  return ROWS[state][event] ?? null;
}

export const TRIAGE_STATUS: Readonly<Record<TriageState, BeadStatus>> = {
  open: "open",
  decided: "closed",
  withdrawn: "closed",
  expired: "closed",
};

/** One triage run at a time in the whole town. */
export const TRIAGE_RESOURCE = "triage:town";

/** Requests that one run is given. */
export const TRIAGE_OF_RUN_MAX = 5;

/** @param failures runs on end that left a request undecided, this one included; 0: none */
export function coolDownMs(failures: number, policy: Policy): number {
  if (failures === 0) return 0;
  return Math.min(policy.triageCoolMaxMs, policy.triageCoolMs * 2 ** Math.min(failures - 1, 30));
}
