/** What a decision needs, its clock included. Read-only; made once per round of a tick. */
import type {
  Away,
  BeadStatus,
  Closing,
  Deletion,
  Delivery,
  Egress,
  LfsPolicy,
  FailureReason,
  Gate,
  HostFigures,
  Isolation,
  Outcome,
  Priority,
  ReviewState,
  Role,
  Round,
  RunEnvironment,
  RunKind,
  RunnerRight,
  RunState,
  SavedPlace,
  Taken,
  Wait,
} from "../../protocol/index.ts";
import type { Authors } from "../model/authorship/author.ts";
import type { Cost, Limit } from "../model/budget.ts";
import type { BreakerView } from "../model/breaker.ts";
import type { Repetition } from "../model/ladder.ts";
import type { Lane, ProviderView, SeenTrouble } from "../model/provider.ts";
import type { StepView } from "../model/molecules/states.ts";
import type { ProgramChoices } from "../model/agents/program.ts";
import type { Policy } from "../model/policy.ts";
import type { IssueState } from "../model/states.ts";
import type { KeptTree } from "./saved/kept-tree.ts";
import type { RunResultFact } from "./run-result.ts";
import type { AskedView, EscalationView, MailView, QuestionView, TriageView } from "./attention.ts";
import type { Ready } from "./stages.ts";

export interface RigView {
  id: string;
  name: string;
  remote: string;
  target: string;
  delivery: Delivery;
  codeReview: boolean;
  savedWork: SavedPlace;
  gates: readonly Gate[];
  setup: string | null;
  egress: Egress;
  lfs: LfsPolicy;
  slots: number;
  /** Only runners with all of these work on it. */
  labels: readonly string[];
  labelsAt: number;
  state: "checking" | "ready" | "parked";
  baselineTries: number;
  infraSince: number | null;
  /** The target has moved to this commit, on which the baseline has not been run. */
  movedTo: string | null;
  backOffUntil: number | null;
  isolationConfirmed: boolean;
  directMergeConfirmed: boolean;
  environment: RunEnvironment;
  deletion: Deletion | null;
  /** Whether a run of it lives or waits for its consequences; looked at only while it is being deleted. */
  hasRuns: boolean;
}

/** A rig in the trash. */
export interface TrashView {
  id: string;
  removedAt: number;
}

/** Target, setup, gates and environment of a rig. */
export type Judged = Pick<RigView, "target" | "gates" | "setup"> & {
  egress?: Egress;
  lfs?: LfsPolicy;
  environment?: Pick<RunEnvironment, "version">;
};

export interface RunnerView {
  id: string;
  name: string;
  state: "connected" | "suspect" | "lost";
  /** Has a live socket in this process now. */
  online: boolean;
  isolation: Isolation;
  slots: number;
  host: HostFigures | null;
  /** When it said that it stops: nothing new until its next hello. */
  leavingAt: number | null;
  /** Since when a person wants nothing new to be given to it. */
  away: Away | null;
  /** What it may be given. */
  rights: readonly RunnerRight[];
  /** By which rigs choose it. */
  labels: readonly string[];
  /** When people last changed either. */
  grantedAt: number;
  /** Rigs whose repositories it has. */
  warmRigs: readonly string[];
  /** When its token was revoked: it is lost, and nobody waits for it. */
  revokedAt: number | null;
  /** Agent programs that it has. */
  programs: readonly string[];
  /** It has git-lfs. */
  lfs: boolean;
  lastSeenAt: number;
}

export interface IssueView {
  id: string;
  title: string;
  body: string;
  rigId: string;
  priority: Priority;
  state: IssueState;
  convoyId: string | null;
  delivery: Delivery | null;
  cycle: number;
  round: number;
  runsSpent: number;
  runsForgiven: number;
  workAttempts: number;
  workAttemptsForgiven: number;
  startFailures: number;
  infraFailures: number;
  infraSince: number | null;
  /** Runs of it that stood still, on end. */
  stalls: number;
  parked: FailureReason | null;
  backOffUntil: number | null;
  reviewId: string | null;
  runId: string | null;
  saved: IssueSaved | null;
  /** Of a convoy's landing: what has landed on its branch, oldest first, its tip last. */
  carries: readonly string[];
  wait: Wait | null;
  /** Its row of the ready index. */
  queued: Ready | null;
  taken: Taken | null;
  convoyTitle: string | null;
  /** The branch of its convoy, where it begins and lands. */
  convoyBranch: string | null;
  /** It brings that branch to the target. */
  landing: boolean;
  /** Its convoy, or its molecule, has not been started. */
  staged: boolean;
  /** What its run is told of the molecule that it is a step of. */
  molecule: { title: string; step: number; of: number } | null;
  held: boolean;
  archived: boolean;
  closing: Closing | null;
  /** What it has asked, oldest first. */
  asked: readonly AskedView[];
  /** Its acceptance checks. */
  checks: readonly Gate[];
  /** Beads it waits for, with what is known of each. */
  blockers: readonly BlockerView[];
  /** What it has cost, and its convoy. */
  spent: Spent;
  convoySpent: Spent | null;
}

/** The newest saved work of a bead. */
export interface IssueSaved {
  ref: string;
  oid: string;
  baseOid: string | null;
  /** What the rig's repository holds of the run that saved it. */
  remoteOid: string | null;
  /** Where that run was; null for a branch. */
  runnerId: string | null;
  lines: number;
}

/** What something has cost, with a limit of its own if a person set one. */
export type Spent = Omit<Cost, "limit"> & { own: Limit | null };

export interface BlockerView {
  id: string;
  title: string;
  status: BeadStatus;
  landedOn: string | null;
  landedOid: string | null;
  outcome: string | null;
}

export interface ReviewView {
  id: string;
  subjectId: string;
  rigId: string;
  cycle: number;
  state: ReviewState;
  headOid: string;
  branch: string;
  tries: number;
  infraTries: number;
  infraSince: number | null;
  backOffUntil: number | null;
  /** A merge run of it was lost: it may still land before the lane is advanced. */
  laneOpen: boolean;
  wait: Wait | null;
  queued: Ready | null;
  latest: Round | null;
  /** Why a person is asked. */
  failure: FailureReason | null;
}

export interface RunView {
  id: string;
  kind: RunKind;
  state: RunState;
  outcome: Outcome | null;
  reason: FailureReason | null;
  resource: string;
  beadId: string | null;
  reviewId: string | null;
  rigId: string | null;
  sessionId: string | null;
  runnerId: string;
  round: number;
  result: RunResultFact | null;
  progressed: boolean;
  startedAt: number | null;
  offeredAt: number;
  /** It takes up what a person gave back: it has no agent. */
  handed: boolean;
  /** A merge run that lands nothing: see `RunSpec`. */
  withdraws: boolean;
  /** Its agent may have been given the model's key; through the town it is not. */
  holdsKey: boolean;
  /** Its calls go through the town: of the provider nothing is believed but what was seen here. */
  relayed: boolean;
  relayTrouble: SeenTrouble | null;
  wallMs: number;
  stopOrderedAt: number | null;
  frozenMs: number;
  spent: Spent;
  model: string | null;
  /** What a baseline judges: by other gates its result says nothing of the rig. */
  judges: Judged | null;
  phase: string | null;
  /** Of the ladder: server/model/ladder.ts. */
  rung: number;
  rungSince: number | null;
  busyUntil: number | null;
  repeating: Repetition | null;
  /** A tree of it that could not be saved and of which nobody was told. */
  kept: KeptTree | null;
  saved: { ref: string; oid: string } | null;
}

export interface ConvoyMember {
  id: string;
  status: BeadStatus;
  outcome: string | null;
  /** It brings the convoy's branch to the target. */
  landing: boolean;
  headOid: string | null;
  baseOid: string | null;
  landedOn: string | null;
  /** What that ref held when the landing was proven: its merge, or what has landed after it. */
  tipOid: string | null;
  /** Its place among those that have landed: clocks are set, places are not. */
  landingN: number | null;
}

export interface ConvoyView {
  id: string;
  title: string;
  rigId: string | null;
  state: "active" | "landing";
  branch: string | null;
  members: readonly ConvoyMember[];
}

/** An agent that is idle; never the Mayor. */
export interface AgentView {
  id: string;
  rigId: string | null;
  idleSince: number;
  /** An unfinished bead wishes for it, or a message waits for it. */
  isWanted: boolean;
}

export interface MoleculeView {
  id: string;
  title: string;
  state: "active" | "asking";
  /** Number of the step that is shown as the current one. */
  current: number | null;
  steps: readonly StepView[];
}

export interface TurnView {
  id: string;
  sessionId: string;
  n: number;
  state: "pending" | "running";
  runId: string | null;
  tries: number;
  text: string;
  wait: Wait | null;
}

/** A session that a person has come to speak with, and when. */
export interface AwaitedView {
  sessionId: string;
  at: number;
}

export interface PauseView {
  kind: "pause" | "stop";
  by: string;
  at: number;
}

/** Live runs of one kind, runner and rig. */
export interface Held {
  kind: RunKind;
  runnerId: string;
  rigId: string | null;
  count: number;
}

export interface Snapshot {
  now: number;
  /** Ids that are decided about; the rest is there because their rules read it. */
  focus: ReadonlySet<string>;
  /** The town's, and those of rigs with figures of their own: ask `policyOf`. */
  policy: Policy;
  policies: ReadonlyMap<string, Policy>;
  /** null: a model is configured and its key readable; else what a person must do. */
  modelMissing: string | null;
  models: Record<Role, string> & { small: string; scripted: boolean };
  /** The programs that were chosen for roles: ask `programOf`. */
  programs: ProgramChoices;
  /** The quota is used up and the fallback model does the work. */
  fallback: boolean;
  /** What a person has paused: "town", ids of rigs and convoys. */
  pauses: ReadonlyMap<string, PauseView>;
  /** Lanes whose provider is in trouble. */
  providers: ReadonlyMap<Lane, ProviderView>;
  breaker: BreakerView;
  /** What this day (UTC) has cost. */
  day: Cost;
  daySubject: string;
  /** Whose name commits carry: ask `authorOf`. */
  authors: Authors;
  observingUntil: number | null;
  rigs: readonly RigView[];
  /** Rigs in the trash. */
  trash: readonly TrashView[];
  runners: readonly RunnerView[];
  issues: readonly IssueView[];
  reviews: readonly ReviewView[];
  /** Live runs and ended ones whose consequences are not drawn yet. */
  runs: readonly RunView[];
  /** All live runs, counted. */
  held: readonly Held[];
  convoys: readonly ConvoyView[];
  molecules: readonly MoleculeView[];
  agents: readonly AgentView[];
  turns: readonly TurnView[];
  awaited: readonly AwaitedView[];
  escalations: readonly EscalationView[];
  questions: readonly QuestionView[];
  /** All open requests of triage, oldest first; in focus with the town. */
  triages: readonly TriageView[];
  /** How often triage has got nowhere on end, and until when it rests. */
  triageRest: { failures: number; untilAt: number | null };
  mails: readonly MailView[];
}
