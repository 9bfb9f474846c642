/** What each state is called and how it looks: a hue and a shape, never a colour alone. Pure. */
import type {
  Agent,
  Began,
  Convoy,
  Issue,
  Molecule,
  MoleculeStep,
  Outcome,
  Priority,
  Review,
  Rig,
  Run,
  Runner,
  TriageAction,
  TriageRequest,
} from "../../protocol/index.ts";

export type Hue = "open" | "progress" | "review" | "landed" | "failed" | "waiting" | "paused";
export type Shape = "ring" | "half" | "diamond" | "check" | "cross" | "alert" | "hatch" | "dash";
export interface Look {
  hue: Hue;
  shape: Shape;
  label: string;
}

const open = (label: string): Look => ({ hue: "open", shape: "ring", label });
const progress = (label: string): Look => ({ hue: "progress", shape: "half", label });
const review = (label: string): Look => ({ hue: "review", shape: "diamond", label });
const landed = (label: string): Look => ({ hue: "landed", shape: "check", label });
const failed = (label: string): Look => ({ hue: "failed", shape: "cross", label });
const waiting = (label: string): Look => ({ hue: "waiting", shape: "alert", label });
const paused = (label: string): Look => ({ hue: "paused", shape: "hatch", label });
const closed = (label: string): Look => ({ hue: "open", shape: "dash", label });

const outcomeWords: Record<NonNullable<Issue["outcome"]>, Look> = {
  landed: landed("Landed"),
  answered: closed("Answered"),
  nothing_to_do: closed("Nothing to do"),
  cancelled: closed("Cancelled"),
};

export function issueLook(issue: Pick<Issue, "status" | "outcome">): Look {
  switch (issue.status) {
    case "open":
      return open("Open");
    case "in_progress":
      return progress("In progress");
    case "in_review":
      return review("In review");
    case "failed":
      return failed("Failed");
    case "closed":
      return issue.outcome ? outcomeWords[issue.outcome] : closed("Closed");
  }
}

const reviewLooks: Record<Review["state"], Look> = {
  queued: open("Queued"),
  checking: review("Gates running"),
  reviewing: review("Being reviewed"),
  changes_requested: progress("Changes requested"),
  approved: landed("Approved"),
  merging: review("Merging"),
  merged: landed("Merged"),
  withdrawn: closed("Withdrawn"),
  needs_person: waiting("Needs you"),
};
export function reviewLook(state: Review["state"]): Look {
  return reviewLooks[state];
}

const triageLooks: Record<TriageRequest["state"], Look> = {
  open: waiting("Asked"),
  decided: landed("Decided"),
  withdrawn: closed("Withdrawn"),
  expired: failed("Not decided"),
};
export function triageLook(state: TriageRequest["state"]): Look {
  return triageLooks[state];
}

export const triageWords: Record<TriageAction, string> = {
  retry: "tried again",
  guide: "its agent was told what to do",
  hold: "held until you release it",
  escalate: "a person decides",
};

const convoyLooks: Record<Convoy["state"], Look> = {
  staged: waiting("Staged"),
  active: progress("Under way"),
  landing: review("Landing"),
  landed: landed("Landed"),
  failed: failed("Failed"),
  cancelled: closed("Cancelled"),
};
export function convoyLook(state: Convoy["state"]): Look {
  return convoyLooks[state];
}

const moleculeLooks: Record<Molecule["state"], Look> = {
  staged: waiting("Staged"),
  active: progress("Under way"),
  asking: waiting("Needs you"),
  done: landed("Done"),
  failed: failed("Failed"),
  cancelled: closed("Cancelled"),
};
export function moleculeLook(state: Molecule["state"]): Look {
  return moleculeLooks[state];
}

export function stepLook(step: MoleculeStep): Look {
  return step.skipped ? closed("Skipped") : issueLook(step);
}

const endLooks: Record<Outcome, Look> = {
  done: landed("Done"),
  no_result: failed("No result"),
  crashed: failed("Crashed"),
  rejected: failed("Rejected"),
  lost: failed("Lost"),
  evicted: paused("Evicted"),
  stopped_by_town: closed("Stopped by the town"),
  stopped_by_person: closed("Stopped by a person"),
  throttled: paused("Throttled"),
  quota: paused("Out of quota"),
};

export function runLook(run: Pick<Run, "state" | "outcome">): Look {
  switch (run.state) {
    case "offered":
      return open("Offered");
    case "accepted":
      return open("Accepted");
    case "preparing":
      return progress("Preparing");
    case "running":
      return progress("Running");
    case "ended":
      return run.outcome ? endLooks[run.outcome] : closed("Ended");
  }
}

const rigLooks: Record<Rig["state"], Look> = {
  checking: progress("Checking"),
  ready: landed("Ready"),
  parked: paused("Parked"),
};
export function rigLook({ state, deletion }: Pick<Rig, "state" | "deletion">): Look {
  return deletion === null ? rigLooks[state] : paused("Being deleted");
}

const runnerLooks: Record<Runner["state"], Look> = {
  connected: landed("Connected"),
  suspect: paused("Silent"),
  lost: failed("Lost"),
};
/** Whether it is there; of one that is, whether it is to stay. */
export function runnerLook({ state, leavingAt, away, revokedAt }: Runner): Look {
  if (revokedAt !== null) return closed("Revoked");
  if (state !== "connected") return runnerLooks[state];
  if (leavingAt !== null) return paused("Stopping");
  return away === null ? runnerLooks.connected : paused("Away");
}

export function agentLook(state: Agent["state"]): Look {
  if (state === "retired") return closed("Retired");
  return state === "working" ? progress("Working") : open("Idle");
}

/** How a rework began, in a sentence. */
export function beganWords(began: Began): string {
  return began.how === "resumed" ? "In its author's session." : `Afresh. ${began.why}`;
}

export const runKindWords: Record<Run["kind"], string> = {
  work: "Work",
  check: "Gates",
  review: "Review",
  merge: "Merge",
  baseline: "Baseline",
  session: "Mayor",
  triage: "Triage",
};

export const verdictWords = {
  approve: landed("Approved"),
  request_changes: waiting("Changes requested"),
  cannot_decide: waiting("Could not decide"),
} as const;

/** A round that its gates returned never reached a reviewer. */
export const redGates: Look = failed("Gates red");

export const deliveryWords = {
  merge: "Merges into the target branch",
  branch: "Leaves a branch for you to merge",
  none: "Keeps the work in the town",
} as const;

export const priorityRank: Record<Priority, number> = { critical: 3, high: 2, medium: 1, low: 0 };
