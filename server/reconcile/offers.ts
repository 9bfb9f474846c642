/** The run that each kind of candidate is offered: complete but for what the store gives. */
import type {
  BeadSpec,
  Delivery,
  Feedback,
  RigSpec,
  Role,
  Round,
  RunEnvironment,
  RunLimits,
  SavedKept,
} from "../../protocol/index.ts";
import { authorOf } from "../model/authorship/author.ts";
import { landingOf } from "../model/delivery.ts";
import { programOf } from "../model/agents/program.ts";
import { returnedByPerson } from "../model/rounds.ts";
import { beadResource, laneOf, laneResource, sessionResource, type Context } from "./context.ts";
import { withdraws } from "./limits/exhaustion.ts";
import { policyOf } from "./policy-of.ts";
import type { OfferRequest } from "./plan.ts";
import { beginsFrom } from "./saved/saved-work.ts";
import type { IssueView, ReviewView, RigView, RunnerView, Snapshot, TurnView } from "./snapshot.ts";

/** Newest answers that a briefing repeats. */
const ANSWERS_MAX = 10;

const nothing = {
  beadId: null,
  reviewId: null,
  rigId: null,
  sessionId: null,
  role: null,
  model: null,
  round: 1,
};

export function offerBaseline(rig: RigView, runner: RunnerView, { s }: Context): OfferRequest {
  const resource = laneResource(rig.id, rig.target);
  return {
    ...nothing,
    kind: "baseline",
    resource,
    runnerId: runner.id,
    rigId: rig.id,
    spec: (given) => ({
      kind: "baseline",
      runId: given.runId,
      fence: given.fence,
      resource,
      limits: limits(s, rig.id, "codeWallMs"),
      rig: rigSpec(rig, { delivery: rig.delivery, convoyBranch: null }),
    }),
  };
}

/** Of a rework, the session of its author is added by the store. */
export function offerWork(
  issue: IssueView,
  rig: RigView,
  runner: RunnerView,
  context: Context,
): OfferRequest {
  const { s } = context;
  const review = issue.reviewId ? context.reviews.get(issue.reviewId) : undefined;
  return {
    ...nothing,
    kind: "work",
    resource: beadResource(issue.id),
    runnerId: runner.id,
    beadId: issue.id,
    rigId: rig.id,
    role: "polecat",
    model: s.models.polecat,
    round: issue.round,
    spec: (given) => ({
      kind: "work",
      runId: given.runId,
      fence: given.fence,
      resource: beadResource(issue.id),
      limits: limits(s, rig.id, "agentWallMs"),
      rig: rigSpec(rig, landingOf(issue, rig), issue.checks),
      bead: beadSpec(
        issue,
        rig,
        given.attempt,
        issue.round > 1 && review ? feedbackOf(review) : null,
      ),
      agent: { ...given.agent, role: "polecat" },
      model: model(s, "polecat"),
      program: programOf(s, rig.id, "polecat"),
      author: authorOf(s, rig.id),
      contains: issue.blockers.flatMap((blocker) => (blocker.landedOid ? [blocker.landedOid] : [])),
      savedWork: beginsFrom(issue, runner),
      carries: [...issue.carries],
      handed: issue.taken?.given ?? null,
      remember: policyOf(s, rig.id).authorSessionMs > 0,
      snapshot: null,
      noSnapshot: null,
    }),
  };
}

type Reviewing = { issue: IssueView; review: ReviewView; rig: RigView; runner: RunnerView };

export function offerCheck(
  { issue, review, rig, runner }: Reviewing,
  context: Context,
): OfferRequest {
  const { s } = context;
  return {
    ...nothing,
    kind: "check",
    resource: beadResource(issue.id),
    runnerId: runner.id,
    beadId: issue.id,
    reviewId: review.id,
    rigId: rig.id,
    round: review.latest?.round ?? 1,
    spec: (given) => ({
      kind: "check",
      runId: given.runId,
      fence: given.fence,
      resource: beadResource(issue.id),
      limits: limits(s, rig.id, "codeWallMs"),
      rig: rigSpec(rig, landingOf(issue, rig), issue.checks),
      bead: beadSpec(issue, rig, given.attempt, null),
      reviewId: review.id,
      headOid: review.headOid,
      roundBase: issue.landing ? null : (review.latest?.baseOid ?? null),
      branch: review.branch,
    }),
  };
}

export function offerReview(
  { issue, review, rig, runner }: Reviewing,
  context: Context,
): OfferRequest {
  const { s } = context;
  const round = review.latest;
  return {
    ...nothing,
    kind: "review",
    resource: beadResource(issue.id),
    runnerId: runner.id,
    beadId: issue.id,
    reviewId: review.id,
    rigId: rig.id,
    role: "refinery",
    model: s.models.refinery,
    round: round?.round ?? 1,
    spec: (given) => ({
      kind: "review",
      runId: given.runId,
      fence: given.fence,
      resource: beadResource(issue.id),
      limits: limits(s, rig.id, "agentWallMs"),
      rig: rigSpec(rig, landingOf(issue, rig), issue.checks),
      bead: { ...beadSpec(issue, rig, given.attempt, null), round: round?.round ?? 1 },
      agent: { ...given.agent, role: "refinery" },
      model: model(s, "refinery"),
      program: programOf(s, rig.id, "refinery"),
      reviewId: review.id,
      headOid: review.headOid,
      baseOid: round?.baseOid ?? review.headOid,
      branch: review.branch,
      summary: round?.summary ?? "",
      gates: [...(round?.gates ?? [])],
    }),
  };
}

export function offerMerge(
  { issue, review, rig, runner }: Reviewing,
  context: Context,
): OfferRequest {
  const { s } = context;
  const resource = laneOf(issue, rig);
  return {
    ...nothing,
    kind: "merge",
    resource,
    runnerId: runner.id,
    beadId: issue.id,
    reviewId: review.id,
    rigId: rig.id,
    round: review.latest?.round ?? 1,
    spec: (given) => ({
      kind: "merge",
      runId: given.runId,
      fence: given.fence,
      resource,
      limits: limits(s, rig.id, "codeWallMs"),
      rig: rigSpec(rig, landingOf(issue, rig), issue.checks),
      bead: beadSpec(issue, rig, given.attempt, null),
      reviewId: review.id,
      headOid: review.headOid,
      roundBase: issue.landing ? null : (review.latest?.baseOid ?? null),
      branch: review.branch,
      purpose: withdraws(issue, s) ? "withdraw" : "land",
      author: authorOf(s, rig.id),
      carries: [...issue.carries],
    }),
  };
}

/** What it remembers, the transcript and the turns' journals are added by the store, which has them. */
export function offerSession(
  { sessionId, turn }: { sessionId: string; turn: TurnView | null },
  runner: RunnerView,
  { s }: Context,
): OfferRequest {
  const resource = sessionResource(sessionId);
  return {
    ...nothing,
    kind: "session",
    resource,
    runnerId: runner.id,
    sessionId,
    role: "mayor",
    model: s.models.mayor,
    spec: (given) => ({
      kind: "session",
      runId: given.runId,
      fence: given.fence,
      resource,
      limits: limits(s, null, "agentWallMs"),
      sessionId,
      agent: { ...given.agent, role: "mayor" },
      model: model(s, "mayor"),
      program: programOf(s, null, "mayor"),
      turns: turn ? [{ turnId: turn.id, text: turn.text, digest: [], journal: [] }] : [],
      snapshot: null,
      noSnapshot: null,
      transcript: [],
    }),
  };
}

export function limits(
  s: Snapshot,
  rigId: string | null,
  wall: "agentWallMs" | "codeWallMs" | "triageWallMs",
): RunLimits {
  const policy = policyOf(s, rigId);
  const { turnsMax, firstTokenMs, silenceMs, repromptsMax, cutOffMs, warmMs, warmWorkMs } = policy;
  const limited = { turnsMax, firstTokenMs, silenceMs, repromptsMax, cutOffMs };
  return { wallMs: policy[wall], ...limited, warmMs, warmWorkMs };
}

export function model(s: Snapshot, role: Role) {
  return { model: s.models[role], smallModel: s.models.small, scripted: s.models.scripted };
}

/** @param checks the bead's own, which are run after the rig's gates and count as they do */
function rigSpec(
  rig: RigView,
  { delivery, convoyBranch }: Pick<RigSpec, "delivery" | "convoyBranch">,
  checks: IssueView["checks"] = [],
): RigSpec {
  const { id, name, remote, target, gates, setup, egress, lfs, isolationConfirmed } = rig;
  return {
    id,
    name,
    remote,
    target,
    delivery,
    convoyBranch,
    gates: [...gates, ...checks],
    setup,
    egress,
    lfs,
    isolationConfirmed,
    savedKept: savedKeptOf(rig, delivery),
    environment: runEnvironment(rig.environment),
  };
}

/** Of a secret a run is told that it is there. */
function runEnvironment(environment: RunEnvironment): RunEnvironment {
  const secrets = environment.secrets.map(({ name, gates }) => ({ name, gates }));
  return { ...environment, secrets };
}

/** Where nothing is to leave the runner, saved work does not either. */
function savedKeptOf({ savedWork }: RigView, delivery: Delivery): SavedKept | null {
  if (savedWork === "runner") return "rig";
  return delivery === "none" ? "delivery" : null;
}

function beadSpec(
  issue: IssueView,
  rig: RigView,
  attempt: number,
  feedback: Feedback | null,
): BeadSpec {
  return {
    id: issue.id,
    title: issue.title,
    body: issue.body,
    attempt,
    round: issue.round,
    cycle: issue.cycle,
    delivery: landingOf(issue, rig).delivery,
    convoyTitle: issue.convoyTitle,
    molecule: issue.molecule,
    feedback,
    answers: issue.asked
      .slice(-ANSWERS_MAX)
      .flatMap(({ question, answer, answeredBy }) =>
        answer === null || answeredBy === null ? [] : [{ question, answer, by: answeredBy }],
      ),
  };
}

function sourceOf(round: Round): Feedback["source"] {
  if (returnedByPerson(round)) return "person";
  if (round.verdict === "request_changes") return "refinery";
  return round.gates.some((gate) => !gate.ok) ? "gates" : "merge";
}

/** What the last round said, for the author's next one. */
function feedbackOf(review: ReviewView): Feedback | null {
  const round = review.latest;
  if (!round?.feedback) return null;
  return {
    round: round.round,
    source: sourceOf(round),
    text: round.feedback,
    comments: round.comments,
  };
}
