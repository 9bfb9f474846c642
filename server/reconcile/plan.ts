/**
 * What a tick decided: steps, each of one rule. The actions of a step apply together or not at all,
 * after its expectations were compared with the store once more.
 */
import type {
  Closing,
  EscalationTarget,
  FailureReason,
  GateResult,
  MailMode,
  Proof,
  ReviewComment,
  RunKind,
  Role,
  RunSpec,
  Severity,
  Verdict,
  Wait,
} from "../../protocol/index.ts";
import type { AttentionAction } from "./attention.ts";
import type { Ready } from "./stages.ts";
import type { BreakerMove } from "../model/breaker.ts";
import type { ProviderView } from "../model/provider.ts";
import type { CountsAs } from "../model/outcomes.ts";
import type { ConvoyEvent } from "../model/convoy-states.ts";
import type { MoleculeEvent } from "../model/molecules/states.ts";
import type { IssueEvent, ReviewEvent } from "../model/states.ts";

/** The rule read this value of this row; if it has changed, the step is dropped and decided again. */
export interface Expect {
  table:
    | "issue"
    | "review"
    | "run"
    | "rig"
    | "trash"
    | "runner"
    | "turn"
    | "convoy"
    | "molecule"
    | "agent"
    | "escalation"
    | "subject"
    | "question"
    | "triage"
    | "breaker"
    | "mail";
  id: string;
  state: string;
}

/** A spec without what the store gives at the offer: run id, fence, attempt, agent identity. */
export interface OfferRequest {
  kind: RunKind;
  resource: string;
  runnerId: string;
  beadId: string | null;
  reviewId: string | null;
  rigId: string | null;
  sessionId: string | null;
  role: Role | null;
  model: string | null;
  round: number;
  spec: (given: OfferGiven) => RunSpec;
}
export interface OfferGiven {
  runId: string;
  fence: { epoch: number; n: number };
  attempt: number;
  agent: { id: string; name: string };
}

export type Action =
  /** `probe`: it tries for all while the breaker is half open. */
  | {
      do: "offer";
      request: OfferRequest;
      turnIds?: readonly string[];
      /** Requests that a triage run is given. */
      triageIds?: readonly string[];
      probe?: boolean;
    }
  /** `code`: what the stop says of the run, server/model/outcomes.ts. */
  | {
      do: "order_stop";
      runId: string;
      reason: string;
      code?: string;
      by?: "stopped_by_person" | "evicted";
    }
  /** One rung up, and what the run's agent is told of it. */
  | { do: "climb"; runId: string; rung: number; mode: MailMode; text: string }
  | { do: "end_run"; runId: string; outcome: "lost" | "stopped_by_town"; reason: FailureReason }
  | { do: "settle_run"; runId: string }
  /** People were told of its tree. */
  | { do: "mark_kept_told"; runId: string }
  | {
      do: "move_issue";
      beadId: string;
      event: IssueEvent;
      text: string;
      runId?: string | null;
      failure?: FailureReason;
      outcome?: "landed" | "nothing_to_do";
      landed?: { on: string; oid: string };
      heads?: { head: string; base: string };
      nextRound?: number;
    }
  /** Closed as soon as nothing of it is under way. */
  | { do: "wish_close"; beadId: string; reviewId: string | null; closing: Closing }
  | { do: "close_issue"; beadId: string; reviewId: string | null; closing: Closing }
  | {
      do: "count_run";
      beadId: string;
      as: CountsAs;
      /** It counts towards the runs that a bead may cost in its life. */
      spent: boolean;
      /** It stood still: `true` is one more on end, `false` ends the row, absent says nothing. */
      stalled?: boolean;
      backOffUntil: number | null;
    }
  /** Nothing more is dispatched for it before a person has resumed it. */
  | { do: "park_issue"; beadId: string; reason: FailureReason }
  /** Nothing of it is under way any more. */
  | { do: "trash_rig"; rigId: string }
  /** Its time in the trash is over. */
  | { do: "purge_rig"; rigId: string }
  /** What it waits for, and its row of the ready index when that is capacity alone. */
  | { do: "wait"; subject: "issue" | "review"; id: string; wait: Wait | null; ready: Ready | null }
  | {
      do: "submit_review";
      beadId: string;
      title: string;
      rigId: string;
      headOid: string;
      baseOid: string;
      branch: string;
      summary: string;
      round: number;
      cycle: number;
      runId: string;
    }
  | {
      do: "move_review";
      reviewId: string;
      event: ReviewEvent;
      text: string;
      runId?: string | null;
      proof?: Proof;
      hint?: string | null;
      failure?: FailureReason;
    }
  | {
      do: "record_round";
      reviewId: string;
      gates?: readonly GateResult[];
      verdict?: Verdict;
      feedback?: string;
      comments?: readonly ReviewComment[];
      reviewerRunId?: string;
    }
  /** `step`: a try of it is used up; `infra`: nobody is to blame, it counts by time alone. */
  | {
      do: "retry_review";
      reviewId: string;
      as: "step" | "infra" | "nothing";
      backOffUntil: number | null;
    }
  /** Whether a lost merge of it may still land. */
  | { do: "mark_lane"; reviewId: string; open: boolean }
  | {
      do: "move_convoy";
      convoyId: string;
      event: ConvoyEvent;
      text: string;
      failure?: FailureReason;
    }
  | {
      do: "move_molecule";
      moleculeId: string;
      event: MoleculeEvent;
      text: string;
      current?: number | null;
      failure?: FailureReason;
    }
  | { do: "retire_agent"; agentId: string; text: string }
  | { do: "open_landing"; convoyId: string; headOid: string; baseOid: string }
  | {
      do: "set_rig";
      rigId: string;
      target: string;
      state: "ready" | "parked" | "checking";
      parked: FailureReason | null;
      baseline: { oid: string; ok: boolean; gates: GateResult[] } | null;
      backOffUntil: number | null;
      tries: number;
      infraSince: number | null;
    }
  /** This commit of the target was made by a landing, whose gates were green on it. */
  | { do: "prove_target"; rigId: string; oid: string }
  /** Nothing is dispatched to the rig before it is checked again. */
  | { do: "park_rig"; rigId: string; reason: FailureReason }
  | { do: "set_runner"; runnerId: string; state: "suspect" | "lost" | "connected" }
  | { do: "set_provider"; provider: ProviderView }
  | { do: "move_breaker"; move: BreakerMove }
  /** People were told that this spending comes to its limit. */
  | { do: "mark_warned"; subject: string }
  /** What a rule has told people about is over. */
  | { do: "resolve_from"; rule: string; note: string }
  | { do: "turn_wait"; turnId: string; wait: Wait }
  | { do: "hand_turn"; runId: string; turnId: string }
  | { do: "turn_again"; turnId: string; counted: boolean; text: string }
  | { do: "fail_turn"; turnId: string; text: string }
  | {
      do: "escalate";
      title: string;
      body: string;
      severity: Severity;
      rule: string;
      subjectId: string | null;
      rigId: string | null;
      target?: EscalationTarget;
      holdsWhile?: readonly string[] | null;
      ambiguous?: boolean;
    }
  | AttentionAction;

export interface Step {
  rule: string;
  /** The entity the step is about. */
  key: string;
  expect: readonly Expect[];
  actions: readonly Action[];
}

export interface TimerWish {
  subject: string;
  kind: string;
  dueAt: number;
}

/** A rule that threw: a bug. Its subject is left alone in this tick. */
export interface RuleFault {
  rule: string;
  key: string;
  error: unknown;
}

export interface Plan {
  steps: Step[];
  faults: RuleFault[];
  /** All timers that the subjects in focus should have. */
  timers: TimerWish[];
}
