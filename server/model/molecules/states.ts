/**
 * State machine of the molecule, and what its steps say about it. A pair without a target is refused. Source: docs/spec.md.
 */
import type { BeadStatus, CloseOutcome } from "../../../protocol/index.ts";

export const moleculeStates = [
  "staged",
  "active",
  "asking",
  "done",
  "failed",
  "cancelled",
] as const;
export type MoleculeState = (typeof moleculeStates)[number];

export const moleculeEvents = [
  "started",
  "advanced",
  "step_failed",
  "steps_mended",
  "steps_done",
  "steps_lost",
  "step_reopened",
  "cancelled",
] as const;
export type MoleculeEvent = (typeof moleculeEvents)[number];

const ROWS: Readonly<Record<MoleculeState, Partial<Record<MoleculeEvent, MoleculeState>>>> = {
  staged: { started: "active", step_reopened: "staged", cancelled: "cancelled" },
  active: {
    advanced: "active",
    step_failed: "asking",
    steps_done: "done",
    steps_lost: "failed",
    step_reopened: "active",
    cancelled: "cancelled",
  },
  asking: {
    advanced: "asking",
    steps_mended: "active",
    steps_done: "done",
    steps_lost: "failed",
    step_reopened: "asking",
    cancelled: "cancelled",
  },
  done: { step_reopened: "active" },
  failed: { step_reopened: "active", cancelled: "cancelled" },
  cancelled: { step_reopened: "active" },
};

/** The molecule's next state, or null when the event is refused in this state. */
export function moleculeAfter(state: MoleculeState, event: MoleculeEvent): MoleculeState | null {
  return ROWS[state][event] ?? null;
}

/** Projection onto `beads.status`. */
export const MOLECULE_STATUS: Readonly<Record<MoleculeState, BeadStatus>> = {
  staged: "open",
  active: "in_progress",
  asking: "in_review",
  done: "closed",
  failed: "failed",
  cancelled: "closed",
};

export interface StepView {
  /** From 1. */
  n: number;
  title: string;
  status: BeadStatus;
  outcome: CloseOutcome | null;
  skipped: boolean;
}

/** The first step that is not closed: the one that is waited for. Null when all are. */
export function currentStep<S extends StepView>(steps: readonly S[]): S | null {
  return steps.find(({ status }) => status !== "closed") ?? null;
}

/** Closed as cancelled, and nobody said to go on without them. */
export function lostSteps<S extends StepView>(steps: readonly S[]): S[] {
  return steps.filter(({ outcome, skipped }) => outcome === "cancelled" && !skipped);
}

/** Steps about which a person is to choose. */
export function failedSteps<S extends StepView>(steps: readonly S[]): S[] {
  return steps.filter(({ status }) => status === "failed");
}
