/** State machine of the convoy. A pair without a target is refused. Source: state.md. */
import type { BeadStatus } from "../../protocol/index.ts";

export const convoyStates = [
  "staged",
  "active",
  "landing",
  "landed",
  "failed",
  "cancelled",
] as const;
export type ConvoyState = (typeof convoyStates)[number];

export const convoyEvents = [
  "started",
  "landing_started",
  "tasks_landed",
  "tasks_lost",
  "task_reopened",
  "cancelled",
] as const;
export type ConvoyEvent = (typeof convoyEvents)[number];

const ROWS: Readonly<Record<ConvoyState, Partial<Record<ConvoyEvent, ConvoyState>>>> = {
  staged: { started: "active", task_reopened: "staged", cancelled: "cancelled" },
  active: {
    landing_started: "landing",
    tasks_landed: "landed",
    tasks_lost: "failed",
    task_reopened: "active",
    cancelled: "cancelled",
  },
  landing: {
    tasks_landed: "landed",
    tasks_lost: "failed",
    task_reopened: "active",
    cancelled: "cancelled",
  },
  landed: { task_reopened: "active" },
  failed: { task_reopened: "active", cancelled: "cancelled" },
  cancelled: { task_reopened: "active" },
};

/** The convoy's next state, or null when the event is refused in this state. */
export function convoyAfter(state: ConvoyState, event: ConvoyEvent): ConvoyState | null {
  return ROWS[state][event] ?? null;
}

/** Projection onto `beads.status`. */
export const CONVOY_STATUS: Readonly<Record<ConvoyState, BeadStatus>> = {
  staged: "open",
  active: "in_progress",
  landing: "in_review",
  landed: "closed",
  failed: "failed",
  cancelled: "closed",
};
