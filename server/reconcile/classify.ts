/**
 * Ordered tables: each entity falls in the bucket of the first row that matches, and the bucket's
 * rule alone decides about it in this tick.
 */
import { applyClose } from "./rules/bead/apply-close.ts";
import { escalateStalled, stallsTooOften } from "./rules/bead/escalate-stalled.ts";
import { exhaustion } from "./limits/exhaustion.ts";
import { failExhausted } from "./rules/bead/fail-exhausted.ts";
import { recoverOrphaned } from "./rules/bead/recover-orphaned.ts";
import { recoverRun } from "./rules/bead/recover-run.ts";
import { submitForReview } from "./rules/bead/submit-for-review.ts";
import { beginLanding, hasGivenUp, tipOf } from "./rules/convoy/begin-landing.ts";
import { failConvoy } from "./rules/convoy/fail.ts";
import { landConvoy } from "./rules/convoy/land.ts";
import { retireIdle, retiresAt } from "./rules/agent/retire.ts";
import { advanceMolecule } from "./rules/molecule/advance.ts";
import { askAboutStep } from "./rules/molecule/ask.ts";
import { failMolecule } from "./rules/molecule/fail.ts";
import { finishMolecule } from "./rules/molecule/finish.ts";
import { goOn } from "./rules/molecule/go-on.ts";
import { deliver } from "./rules/mail/deliver.ts";
import { expire } from "./rules/mail/expire.ts";
import { takeBack } from "./rules/mail/take-back.ts";
import { remind } from "./rules/escalation/remind.ts";
import { resolveOver } from "./rules/escalation/resolve-over.ts";
import { landingOf } from "../model/delivery.ts";
import { roundsUsedUp } from "../model/rounds.ts";
import { approveUnreviewed } from "./rules/review/approve-unreviewed.ts";
import { askPerson } from "./rules/review/ask-person.ts";
import { recoverReview } from "./rules/review/recover-orphaned.ts";
import { settleCheck } from "./rules/review/settle-check.ts";
import { settleMerge } from "./rules/review/settle-merge.ts";
import { settleVerdict } from "./rules/review/settle-verdict.ts";
import { withdraw } from "./rules/review/withdraw.ts";
import { settleBaseline } from "./rules/rig/settle-baseline.ts";
import { handTurn } from "./rules/session/hand-turn.ts";
import { recoverTurn } from "./rules/session/recover-turn.ts";
import { evictAway } from "./rules/run/evict-away.ts";
import { interruptStill } from "./rules/run/interrupt-still.ts";
import { nudgeStill } from "./rules/run/nudge-still.ts";
import { tellKeptTree } from "./rules/run/tell-kept-tree.ts";
import { stopStill } from "./rules/run/stop-still.ts";
import { stopUnstarted } from "./rules/run/stop-unstarted.ts";
import { isDue, isStarting } from "./limits/ladder.ts";
import { RUNG } from "../model/ladder.ts";
import { stopDeleted } from "./rules/run/stop-deleted.ts";
import { purgeRig, purgesAt } from "./rules/rig/purge.ts";
import { putAway } from "./rules/rig/put-away.ts";
import { loseUnstopped } from "./rules/run/lose-unstopped.ts";
import { loseWithRunner } from "./rules/run/lose-with-runner.ts";
import { settleStale } from "./rules/run/settle-stale.ts";
import { stopEmergency } from "./rules/run/stop-emergency.ts";
import { stopOrphan } from "./rules/run/stop-orphan.ts";
import { stopOverBudget } from "./rules/run/stop-over-budget.ts";
import { warnBudget } from "./rules/run/warn-budget.ts";
import { nextWarning, runOverspent } from "./limits/costs.ts";
import { stopOverWall } from "./rules/run/stop-over-wall.ts";
import { settleSessionRun } from "./rules/session/settle-run.ts";
import { answerDefault } from "./rules/question/answer-default.ts";
import { stopAsking } from "./rules/question/stop-run.ts";
import { withdrawQuestion } from "./rules/question/withdraw.ts";
import { currentStep, failedSteps, lostSteps } from "../model/molecules/states.ts";
import { isOver } from "../model/escalation.ts";
import { expireTriage } from "./rules/triage/expire.ts";
import { requestTriage } from "./rules/triage/request.ts";
import { settleTriage } from "./rules/triage/settle-run.ts";
import { withdrawTriage } from "./rules/triage/withdraw.ts";
import { isUsedUp } from "./rework.ts";
import { isOverFor, isTriageOn, isUsedUpBy, wantsTriage } from "./triage/wanted.ts";
import type { EscalationView, MailView, QuestionView, TriageView } from "./attention.ts";
import { beadResource, type Context, type Rule } from "./context.ts";
import type {
  AgentView,
  ConvoyView,
  IssueView,
  MoleculeView,
  ReviewView,
  RigView,
  RunView,
  TrashView,
  TurnView,
} from "./snapshot.ts";
import { evictAt } from "./limits/eviction.ts";
import { isAgents, isFrozen, isStopped, wallAt } from "./limits/pauses.ts";
import { policyOf } from "./policy-of.ts";
import { judgesRig } from "./judged.ts";

interface Row<T> {
  when(subject: T, context: Context): boolean;
  rule: Rule<T>;
}

function reviewOf(run: RunView, context: Context): ReviewView | undefined {
  return run.reviewId ? context.reviews.get(run.reviewId) : undefined;
}
function issueOf(run: RunView, context: Context): IssueView | undefined {
  return run.beadId ? context.issues.get(run.beadId) : undefined;
}
const ended = (run: RunView) => run.state === "ended";

/** Whether the run's bead is in review by the review that the run is of. */
function inReview(run: RunView, context: Context): boolean {
  const issue = issueOf(run, context);
  return issue?.state === "in_review" && issue.reviewId === run.reviewId;
}

/** Of a bead that a person has taken only what he gave back goes on, though a run of it was done before it was stopped. */
function isWanted(headOid: string, issue: IssueView | undefined): boolean {
  const taken = issue?.taken ?? null;
  return taken === null || taken.given?.oid === headOid;
}

/** Whether anybody still waits for what this live run does. A merge is always left to settle. */
function serves(run: RunView, context: Context): boolean {
  if (run.kind === "work") return issueOf(run, context)?.state === "in_progress";
  // One that has decided something ends by itself.
  if (run.kind === "triage")
    return run.progressed || context.s.triages.some((each) => each.runId === run.id);
  if (run.kind === "baseline") return judgesRig(run, context.rigs.get(run.rigId ?? ""));
  const state = run.kind === "check" ? "checking" : run.kind === "review" ? "reviewing" : null;
  return state === null || (inReview(run, context) && reviewOf(run, context)?.state === state);
}

const RUN_TABLE: readonly Row<RunView>[] = [
  { when: (run) => run.kept !== null, rule: tellKeptTree },
  {
    when: (run, c) =>
      ended(run) &&
      run.kind === "work" &&
      run.result?.kind === "work_done" &&
      run.outcome === "done" &&
      issueOf(run, c)?.state === "in_progress" &&
      isWanted(run.result.headOid, issueOf(run, c)),
    rule: submitForReview,
  },
  {
    when: (run, c) =>
      ended(run) &&
      run.kind === "work" &&
      issueOf(run, c)?.state === "in_progress" &&
      stallsTooOften(run, issueOf(run, c), c.s),
    rule: escalateStalled,
  },
  {
    when: (run, c) => ended(run) && run.kind === "work" && issueOf(run, c)?.state === "in_progress",
    rule: recoverRun,
  },
  {
    when: (run, c) =>
      ended(run) &&
      run.kind === "check" &&
      inReview(run, c) &&
      reviewOf(run, c)?.state === "checking",
    rule: settleCheck,
  },
  {
    when: (run, c) =>
      ended(run) &&
      run.kind === "review" &&
      inReview(run, c) &&
      reviewOf(run, c)?.state === "reviewing",
    rule: settleVerdict,
  },
  {
    when: (run, c) => ended(run) && run.kind === "merge" && reviewOf(run, c)?.state === "merging",
    rule: settleMerge,
  },
  {
    when: (run, c) => ended(run) && run.kind === "baseline" && c.rigs.has(run.rigId ?? ""),
    rule: settleBaseline,
  },
  { when: (run) => ended(run) && run.kind === "session", rule: settleSessionRun },
  { when: (run) => ended(run) && run.kind === "triage", rule: settleTriage },
  { when: ended, rule: settleStale },
  { when: (run, c) => c.runners.get(run.runnerId)?.state === "lost", rule: loseWithRunner },
  {
    when: (run, c) => run.stopOrderedAt === null && !isFrozen(run, c) && c.s.now > wallAt(run),
    rule: stopOverWall,
  },
  {
    when: (run, c) =>
      run.stopOrderedAt !== null && c.s.now > run.stopOrderedAt + c.s.policy.stopGraceMs,
    rule: loseUnstopped,
  },
  {
    when: (run, c) =>
      run.stopOrderedAt === null &&
      run.kind !== "merge" &&
      (c.rigs.get(run.rigId ?? "")?.deletion ?? null) !== null,
    rule: stopDeleted,
  },
  {
    when: (run, c) => run.stopOrderedAt === null && isAgents(run) && isStopped(c.s),
    rule: stopEmergency,
  },
  {
    when: (run, c) => run.stopOrderedAt === null && isAgents(run) && runOverspent(run, c) !== null,
    rule: stopOverBudget,
  },
  { when: (run, c) => run.stopOrderedAt === null && !serves(run, c), rule: stopOrphan },
  { when: (run, c) => (evictAt(run, c) ?? Infinity) <= c.s.now, rule: evictAway },
  { when: (run, c) => isStarting(run) && isDue(run, c), rule: stopUnstarted },
  { when: (run, c) => run.rung === RUNG.ground && isDue(run, c), rule: nudgeStill },
  { when: (run, c) => run.rung === RUNG.nudged && isDue(run, c), rule: interruptStill },
  { when: isDue, rule: stopStill },
  { when: (run, c) => isAgents(run) && nextWarning(run, c) !== null, rule: warnBudget },
];

/** No run holds the bead, and no merge of it may still land. */
function nothingUnderWay(issue: IssueView, context: Context): boolean {
  return !context.busyResources.has(beadResource(issue.id)) && !mayLand(issue, context);
}

function mayLand(issue: IssueView, context: Context): boolean {
  const review = issue.reviewId === null ? undefined : context.reviews.get(issue.reviewId);
  return review?.state === "merging" || review?.laneOpen === true;
}

const ISSUE_TABLE: readonly Row<IssueView>[] = [
  { when: (issue, c) => issue.closing !== null && nothingUnderWay(issue, c), rule: applyClose },
  {
    when: (issue, c) =>
      issue.state === "open" && exhaustion(issue, c.s) !== null && !mayLand(issue, c),
    rule: failExhausted,
  },
  {
    when: (issue, c) => issue.state === "in_progress" && !c.busyResources.has(`bead:${issue.id}`),
    rule: recoverOrphaned,
  },
];

/** Whether green gates alone approve it: see the delivery table. */
function isUnreviewed(review: ReviewView, context: Context): boolean {
  const issue = context.issues.get(review.subjectId);
  const rig = context.rigs.get(review.rigId);
  if (issue === undefined || rig === undefined) return false;
  const authorRunId = review.latest?.authorRunId;
  return landingOf({ ...issue, authorRunId }, rig).unreviewed;
}

const REVIEW_TABLE: readonly Row<ReviewView>[] = [
  {
    when: (review, c) =>
      review.state !== "merging" && c.issues.get(review.subjectId)?.reviewId !== review.id,
    rule: withdraw,
  },
  {
    when: (review, c) =>
      (review.state === "checking" || review.state === "merging") &&
      !c.s.runs.some((run) => run.reviewId === review.id),
    rule: recoverReview,
  },
  {
    when: (review, c) =>
      // Of a bead that is being closed nobody need decide anything.
      c.issues.get(review.subjectId)?.closing === null &&
      ((["queued", "reviewing", "approved"].includes(review.state) && isUsedUp(review, c.s)) ||
        // What is being worked on already is finished first.
        (review.state === "changes_requested" &&
          c.issues.get(review.subjectId)?.state === "open" &&
          roundsUsedUp(review.latest, policyOf(c.s, review.rigId).roundsMax))),
    rule: askPerson,
  },
  {
    when: (review, c) => review.state === "reviewing" && isUnreviewed(review, c),
    rule: approveUnreviewed,
  },
];

const TURN_TABLE: readonly Row<TurnView>[] = [
  {
    when: (turn, c) => turn.state === "running" && !c.s.runs.some((run) => run.id === turn.runId),
    rule: recoverTurn,
  },
  {
    when: (turn, c) =>
      turn.state === "pending" &&
      c.s.turns.every((each) => each.state === "pending" && each.n >= turn.n),
    rule: handTurn,
  },
];

const done = (outcome: string | null) => outcome !== null && outcome !== "cancelled";
const CONVOY_TABLE: readonly Row<ConvoyView>[] = [
  {
    when: (convoy) =>
      convoy.members.every((m) => m.status === "closed" && done(m.outcome)) &&
      tipOf(convoy) !== null &&
      !hasGivenUp(convoy),
    rule: beginLanding,
  },
  {
    when: (convoy) =>
      convoy.members.length > 0 &&
      convoy.members.every((m) => m.status === "closed" && done(m.outcome)) &&
      tipOf(convoy) === null,
    rule: landConvoy,
  },
  { when: (convoy) => convoy.members.every((m) => m.status === "closed"), rule: failConvoy },
];

const AGENT_TABLE: readonly Row<AgentView>[] = [
  { when: (agent, c) => (retiresAt(agent, c) ?? Infinity) <= c.s.now, rule: retireIdle },
];

const isOverAll = ({ steps }: MoleculeView) => currentStep(steps) === null;
const MOLECULE_TABLE: readonly Row<MoleculeView>[] = [
  { when: (each) => isOverAll(each) && lostSteps(each.steps).length === 0, rule: finishMolecule },
  { when: isOverAll, rule: failMolecule },
  {
    when: ({ state, steps }) => state === "active" && failedSteps(steps).length > 0,
    rule: askAboutStep,
  },
  {
    when: ({ state, steps }) => state === "asking" && failedSteps(steps).length === 0,
    rule: goOn,
  },
  { when: ({ steps, current }) => currentStep(steps)?.n !== current, rule: advanceMolecule },
];

const ESCALATION_TABLE: readonly Row<EscalationView>[] = [
  { when: (each) => isOver(each.holdsWhile, each.subjectState), rule: resolveOver },
  { when: (each, c) => each.remindAt <= c.s.now, rule: remind },
  { when: (each, c) => wantsTriage(each, c.s), rule: requestTriage },
];

const TRIAGE_TABLE: readonly Row<TriageView>[] = [
  {
    when: (each, c) => isOverFor(each) || each.isPersons || !isTriageOn(c.s),
    rule: withdrawTriage,
  },
  { when: (each, c) => each.runId === null && isUsedUpBy(each, c.s), rule: expireTriage },
];

const OVER = new Set(["closed", "failed"]);
const QUESTION_TABLE: readonly Row<QuestionView>[] = [
  { when: (each) => each.beadState === null || OVER.has(each.beadState), rule: withdrawQuestion },
  { when: (each, c) => each.deadlineAt <= c.s.now, rule: answerDefault },
  { when: (each) => each.blocking, rule: stopAsking },
];

/** It was a word to one run, and that has ended. */
const isForNobody = (mail: MailView) => mail.onlyRun && !mail.runLives;
const MAIL_TABLE: readonly Row<MailView>[] = [
  { when: (mail, c) => mail.expiresAt <= c.s.now || isForNobody(mail), rule: expire },
  { when: (mail) => mail.runId !== null && !mail.runLives, rule: takeBack },
  { when: (mail) => mail.runId === null && mail.takerId !== null, rule: deliver },
];

const RIG_TABLE: readonly Row<RigView>[] = [
  { when: ({ deletion, hasRuns }) => deletion !== null && !hasRuns, rule: putAway },
];
const TRASH_TABLE: readonly Row<TrashView>[] = [
  { when: (each, c) => purgesAt(each, c.s) <= c.s.now, rule: purgeRig },
];

function first<T>(table: readonly Row<T>[], subject: T, context: Context): Rule<T> | null {
  return table.find((row) => row.when(subject, context))?.rule ?? null;
}

export const runRule = (run: RunView, context: Context) => first(RUN_TABLE, run, context);
export const issueRule = (issue: IssueView, context: Context) => first(ISSUE_TABLE, issue, context);
export const reviewRule = (review: ReviewView, context: Context) =>
  first(REVIEW_TABLE, review, context);
export const rigRule = (rig: RigView, context: Context) => first(RIG_TABLE, rig, context);
export const trashRule = (rig: TrashView, context: Context) => first(TRASH_TABLE, rig, context);
export const turnRule = (turn: TurnView, context: Context) => first(TURN_TABLE, turn, context);
export const convoyRule = (convoy: ConvoyView, context: Context) =>
  first(CONVOY_TABLE, convoy, context);
export const agentRule = (agent: AgentView, context: Context) => first(AGENT_TABLE, agent, context);
export const moleculeRule = (molecule: MoleculeView, context: Context) =>
  first(MOLECULE_TABLE, molecule, context);
export const escalationRule = (escalation: EscalationView, context: Context) =>
  first(ESCALATION_TABLE, escalation, context);
export const questionRule = (question: QuestionView, context: Context) =>
  first(QUESTION_TABLE, question, context);
export const triageRule = (request: TriageView, context: Context) =>
  first(TRIAGE_TABLE, request, context);
export const mailRule = (mail: MailView, context: Context) => first(MAIL_TABLE, mail, context);
