/**
 * State machines of the issue bead, the review and the turn, as tables of (state, event) -> state.
 * A pair without a target is refused; the tests enumerate every pair. Source: design, state machines.
 */
import type { BeadStatus, ReviewState } from "../../protocol/index.ts";

export const issueStates = ["open", "in_progress", "in_review", "closed", "failed"] as const;
export type IssueState = (typeof issueStates)[number];
export const issueEvents = [
  "dispatched",
  "run_lost",
  "submitted",
  "returned",
  "resumed_review",
  "landed",
  "closed_by_outcome",
  "exhausted",
  "reopened",
] as const;
export type IssueEvent = (typeof issueEvents)[number];

type Table<S extends string, E extends string> = Readonly<Record<S, Readonly<Record<E, S | null>>>>;

/** `null` means refused. */
export const ISSUE_TRANSITIONS: Table<IssueState, IssueEvent> = {
  open: row({
    dispatched: "in_progress",
    resumed_review: "in_review",
    landed: "closed",
    closed_by_outcome: "closed",
    exhausted: "failed",
  }),
  in_progress: row({
    run_lost: "open",
    submitted: "in_review",
    closed_by_outcome: "closed",
  }),
  in_review: row({
    returned: "open",
    landed: "closed",
    closed_by_outcome: "closed",
  }),
  closed: row({ reopened: "open" }),
  failed: row({ reopened: "open", closed_by_outcome: "closed" }),
};

function row(
  targets: Partial<Record<IssueEvent, IssueState>>,
): Record<IssueEvent, IssueState | null> {
  const full = {} as Record<IssueEvent, IssueState | null>;
  for (const event of issueEvents) full[event] = targets[event] ?? null;
  return full;
}

export const reviewEvents = [
  "check_started",
  "check_green",
  "check_red",
  "check_impossible",
  "review_approved",
  "review_returned",
  "review_undecided",
  "review_lost",
  "merge_started",
  "withdraw_started",
  "merge_landed",
  "merge_returned",
  "merge_retry",
  "withdraw_ended",
  "capped",
  "person_approved",
  "person_returned",
  "resubmitted",
  "source_terminal",
] as const;
export type ReviewEvent = (typeof reviewEvents)[number];

const REVIEW_ROWS: Record<ReviewState, Partial<Record<ReviewEvent, ReviewState>>> = {
  queued: {
    check_started: "checking",
    withdraw_started: "merging",
    capped: "needs_person",
    source_terminal: "withdrawn",
  },
  checking: {
    check_green: "reviewing",
    check_red: "changes_requested",
    check_impossible: "queued",
    source_terminal: "withdrawn",
  },
  reviewing: {
    review_approved: "approved",
    review_returned: "changes_requested",
    review_undecided: "needs_person",
    review_lost: "reviewing",
    withdraw_started: "merging",
    capped: "needs_person",
    source_terminal: "withdrawn",
  },
  changes_requested: {
    resubmitted: "queued",
    withdraw_started: "merging",
    capped: "needs_person",
    source_terminal: "withdrawn",
  },
  approved: {
    merge_started: "merging",
    withdraw_started: "merging",
    capped: "needs_person",
    source_terminal: "withdrawn",
  },
  merging: {
    merge_landed: "merged",
    merge_returned: "changes_requested",
    merge_retry: "approved",
    withdraw_ended: "changes_requested",
    capped: "needs_person",
  },
  merged: {},
  withdrawn: {},
  needs_person: {
    person_approved: "approved",
    person_returned: "changes_requested",
    withdraw_started: "merging",
    source_terminal: "withdrawn",
  },
};

/** The review's next state, or null when the event is refused in this state. */
export function reviewAfter(state: ReviewState, event: ReviewEvent): ReviewState | null {
  return REVIEW_ROWS[state][event] ?? null;
}

export const turnStates = ["pending", "running", "done", "failed"] as const;
export type TurnState = (typeof turnStates)[number];
export const turnEvents = ["given", "answered", "given_up", "run_ended"] as const;
export type TurnEvent = (typeof turnEvents)[number];

const TURN_ROWS: Record<TurnState, Partial<Record<TurnEvent, TurnState>>> = {
  pending: { given: "running" },
  running: { answered: "done", given_up: "failed", run_ended: "pending" },
  done: {},
  failed: {},
};

/** The turn's next state, or null when the event is refused in this state. */
export function turnAfter(state: TurnState, event: TurnEvent): TurnState | null {
  return TURN_ROWS[state][event] ?? null;
}

/** The issue's next state, or null when the event is refused in this state. */
export function issueAfter(state: IssueState, event: IssueEvent): IssueState | null {
  return ISSUE_TRANSITIONS[state][event];
}

/** Projection of each type's own state onto `beads.status`. */
export const REVIEW_STATUS: Readonly<Record<ReviewState, BeadStatus>> = {
  queued: "open",
  checking: "in_progress",
  reviewing: "in_review",
  changes_requested: "in_progress",
  approved: "in_review",
  merging: "in_progress",
  merged: "closed",
  withdrawn: "closed",
  needs_person: "in_review",
};
