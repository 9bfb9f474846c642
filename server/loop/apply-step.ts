/** Applies a plan's step: its actions together or not at all, after comparing with what its rule read. */
import { agentStateOf } from "../model/agents/agent-states.ts";
import { escalationState } from "../model/attention-states.ts";
import type { Expect, Step, Action } from "../reconcile/plan.ts";
import { subjectState } from "../store/views/attention-views.ts";
import { digestOf } from "../store/views/digest.ts";
import { journalOf } from "../store/journal.ts";
import { triageSpec } from "../store/views/triage-spec.ts";
import { escalations, mails, questions, triageRequests } from "../store/schema/attention.ts";
import { agents, convoys, issues, reviews } from "../store/schema/beads.ts";
import { breaker } from "../store/schema/limits.ts";
import { molecules } from "../store/schema/molecules.ts";
import { rigs, runners, runs, turns } from "../store/schema/runs.ts";
import type { Db } from "../store/database.ts";
import { prepared } from "../store/prepared.ts";
import { rowAt, valueAt } from "../store/rows.ts";
import { trashedRig } from "../store/trash/in-trash.ts";
import type { Tx } from "../store/tx.ts";
import { moveConvoy, openLanding } from "../store/writes/convoys.ts";
import { moveMolecule } from "../store/writes/molecules.ts";
import { retireAgent } from "../store/writes/agents.ts";
import { takeTriage } from "../store/writes/attention/triage.ts";
import { takeDigest } from "../store/writes/attention/digest.ts";
import { escalate, resolveByKey } from "../store/writes/escalations.ts";
import { markWarned } from "../store/writes/limits/spend.ts";
import { moveBreaker, setProbe, setProvider } from "../store/writes/limits/limits.ts";
import { wishClosed } from "../store/writes/bead-edits.ts";
import { closeIssue, countRun, moveIssue, parkIssue } from "../store/writes/issues.ts";
import {
  countReviewTry,
  markLane,
  moveReview,
  recordRound,
  submitReview,
} from "../store/writes/reviews.ts";
import { setWait } from "../store/writes/ready.ts";
import { purgeRig } from "../store/writes/trash/purge-rig.ts";
import { putInTrash } from "../store/writes/trash/trash.ts";
import { parkRig, proveTarget, setBaseline } from "../store/writes/rigs.ts";
import { setRunnerState } from "../store/writes/runners.ts";
import { endRun, offerRun, orderStop, markKeptTold, settleRun } from "../store/writes/runs.ts";
import { authorBefore, snapshotBefore } from "../store/writes/snapshots/snapshots.ts";
import { climb } from "../store/writes/ladder.ts";
import {
  endTurn,
  giveTurn,
  handTurn,
  sessionOffered,
  transcriptBefore,
  turnAgain,
  turnWaits,
} from "../store/writes/sessions.ts";
import { applyAttention } from "./apply-attention.ts";

/**
 * @param savepoint runs a function so that a throw undoes its writes, and rethrows
 * @returns false when what the rule read has changed: nothing was applied
 */
export function applyStep(tx: Tx, step: Step, savepoint: <T>(fn: () => T) => T): boolean {
  if (!step.expect.every((expect) => holds(tx, expect))) return false;
  savepoint(() => act(tx, step));
  return true;
}

function holds({ db }: Tx, { table, id, state }: Expect): boolean {
  return stateOf(db, table, id) === state;
}

function stateOf(db: Db, table: Expect["table"], id: string): string | undefined {
  switch (table) {
    case "issue":
      return valueAt(db, issues.state, id);
    case "review":
      return valueAt(db, reviews.state, id);
    case "convoy":
      return valueAt(db, convoys.state, id);
    case "molecule":
      return valueAt(db, molecules.state, id);
    case "agent": {
      const row = rowAt(db, agents, id);
      return row && agentStateOf(row);
    }
    case "run":
      return valueAt(db, runs.state, id);
    case "rig":
      return valueAt(db, rigs.state, id);
    case "trash":
      return trashedRig(db, id) && "there";
    case "runner":
      return valueAt(db, runners.state, id);
    case "escalation": {
      const row = rowAt(db, escalations, id);
      return row && escalationState(row);
    }
    case "subject":
      return subjectState(db)(id) ?? undefined;
    case "mail":
      return valueAt(db, mails.state, id);
    case "question":
      return valueAt(db, questions.state, id);
    case "triage":
      return valueAt(db, triageRequests.state, id);
    case "breaker":
      return breakerState(db).get()?.state;
    case "turn":
      return valueAt(db, turns.state, id);
  }
}
const breakerState = prepared((db) => db.select({ state: breaker.state }).from(breaker).prepare());

function act(tx: Tx, step: Step): void {
  tx.actor = "town";
  tx.rule = step.rule;
  try {
    for (const action of step.actions) applyAction(tx, step, action);
  } finally {
    tx.rule = null;
  }
}

function applyAction(tx: Tx, step: Step, action: Action): void {
  switch (action.do) {
    case "offer":
      return applyOffer(tx, action);
    case "climb":
      return climb(tx, action.runId, action);
    case "order_stop":
    case "end_run":
    case "settle_run":
    case "mark_kept_told":
      return applyToRun(tx, action);
    case "move_issue":
      if (moveIssue(tx, action.beadId, action.event, action) === null)
        throw new Error(`${step.rule}: ${action.event} is refused for ${action.beadId}`);
      return;
    case "close_issue":
    case "wish_close":
    case "count_run":
    case "park_issue":
      return applyToIssue(tx, action);
    case "wait":
      return setWait(tx, action.subject, action.id, action.wait, action.ready);
    case "submit_review":
      return void submitReview(tx, action);
    case "move_review":
      if (!moveReview(tx, action.reviewId, action.event, action))
        throw new Error(`${step.rule}: ${action.event} is refused for ${action.reviewId}`);
      return;
    case "record_round": {
      const { do: _do, reviewId, gates, comments, ...rest } = action;
      return recordRound(tx, reviewId, {
        ...rest,
        ...(gates && { gates: [...gates] }),
        ...(comments && { comments: [...comments] }),
      });
    }
    case "mark_lane":
      return markLane(tx, action.reviewId, action.open);
    case "retry_review":
      return countReviewTry(tx, action.reviewId, action);
    case "move_convoy":
    case "open_landing":
    case "move_molecule":
    case "retire_agent":
      return applyToGroup(tx, step, action);
    case "set_rig":
    case "prove_target":
    case "park_rig":
    case "trash_rig":
    case "purge_rig":
      return applyToRig(tx, action);
    case "set_runner":
      return setRunnerState(tx, action.runnerId, action.state);
    case "set_provider":
    case "move_breaker":
    case "resolve_from":
    case "mark_warned":
      return applyLimit(tx, action);
    case "turn_wait":
    case "hand_turn":
    case "turn_again":
    case "fail_turn":
      return applyToTurn(tx, action);
    case "escalate":
      return void escalate(tx, { ...action, source: action.rule });
    default:
      return applyAttention(tx, action);
  }
}

type ActionOf<K extends Action["do"]> = Extract<Action, { do: K }>;

function applyToIssue(
  tx: Tx,
  action: ActionOf<"close_issue" | "wish_close" | "count_run" | "park_issue">,
): void {
  switch (action.do) {
    case "close_issue":
      return closeIssue(tx, action, action.closing);
    case "wish_close":
      return wishClosed(tx, action.beadId, action.reviewId, action.closing);
    case "count_run":
      return countRun(tx, action.beadId, action);
    case "park_issue":
      return parkIssue(tx, action.beadId, action.reason);
  }
}

/** What beads belong to, and who works on them. */
function applyToGroup(
  tx: Tx,
  step: Step,
  action: ActionOf<"move_convoy" | "open_landing" | "move_molecule" | "retire_agent">,
): void {
  switch (action.do) {
    case "open_landing":
      openLanding(tx, action.convoyId, action);
      return;
    case "move_convoy":
      if (!moveConvoy(tx, action.convoyId, action.event, action))
        throw new Error(`${step.rule}: ${action.event} is refused for ${action.convoyId}`);
      return;
    case "move_molecule":
      if (!moveMolecule(tx, action.moleculeId, action.event, action))
        throw new Error(`${step.rule}: ${action.event} is refused for ${action.moleculeId}`);
      return;
    case "retire_agent":
      if (!retireAgent(tx, action.agentId, action.text))
        throw new Error(`${step.rule}: ${action.agentId} is at work or has retired`);
      return;
  }
}

function applyToRun(
  tx: Tx,
  action: ActionOf<"order_stop" | "end_run" | "settle_run" | "mark_kept_told">,
): void {
  switch (action.do) {
    case "order_stop":
      return orderStop(
        tx,
        action.runId,
        action.by ?? "stopped_by_town",
        action.reason,
        action.code ?? null,
      );
    case "end_run":
      endRun(tx, action.runId, action.outcome, action.reason);
      return;
    case "settle_run":
      return settleRun(tx, action.runId);
    case "mark_kept_told":
      return markKeptTold(tx, action.runId);
  }
}

function applyToRig(
  tx: Tx,
  action: ActionOf<"set_rig" | "prove_target" | "park_rig" | "trash_rig" | "purge_rig">,
): void {
  switch (action.do) {
    case "set_rig":
      return setBaseline(tx, action.rigId, action);
    case "prove_target":
      return proveTarget(tx, action.rigId, action.oid);
    case "park_rig":
      return parkRig(tx, action.rigId, action.reason);
    case "trash_rig":
      return putInTrash(tx, action.rigId);
    case "purge_rig":
      return purgeRig(tx, action.rigId);
  }
}

function applyToTurn(
  tx: Tx,
  action: ActionOf<"turn_wait" | "hand_turn" | "turn_again" | "fail_turn">,
): void {
  switch (action.do) {
    case "turn_wait":
      return turnWaits(tx, action.turnId, action.wait);
    case "hand_turn":
      return handTurn(tx, action.runId, action.turnId);
    case "turn_again":
      return turnAgain(tx, action.turnId, action);
    case "fail_turn":
      return endTurn(tx, action.turnId, "given_up", "", action.text);
  }
}

function applyLimit(
  tx: Tx,
  action: ActionOf<"set_provider" | "move_breaker" | "resolve_from" | "mark_warned">,
): void {
  switch (action.do) {
    case "set_provider":
      return setProvider(tx, action.provider);
    case "move_breaker":
      return moveBreaker(tx, action.move);
    case "resolve_from":
      return resolveByKey(tx, `${action.rule} `, action.note);
    case "mark_warned":
      return markWarned(tx, action.subject);
  }
}

function applyOffer(tx: Tx, action: Extract<Action, { do: "offer" }>): void {
  const { request, turnIds = [], triageIds = [] } = action;
  const { runId } = offerRun(tx, request, (spec) => {
    if (spec.kind === "triage")
      return { ...spec, requests: triageIds.map((id) => triageSpec(tx.db, id)) };
    if (spec.kind === "work") return { ...spec, ...authorBefore(tx, spec) };
    if (spec.kind !== "session") return spec;
    const turnsWithJournal = spec.turns.map((turn) => {
      takeDigest(tx, turn.turnId);
      const { turnId } = turn;
      return { ...turn, digest: digestOf(tx.db, turnId), journal: journalOf(tx.db, turnId) };
    });
    const turnId = spec.turns[0]?.turnId ?? null;
    sessionOffered(tx, spec.sessionId);
    return {
      ...spec,
      turns: turnsWithJournal,
      ...snapshotBefore(tx.db, { ...spec, turnId }),
      transcript: transcriptBefore(tx, spec.sessionId, turnId),
    };
  });
  if (action.probe) setProbe(tx, runId);
  for (const turnId of turnIds) giveTurn(tx, turnId, runId);
  takeTriage(tx, triageIds, runId);
  if (request.kind === "work" && request.beadId) {
    moveIssue(tx, request.beadId, "dispatched", {
      text: `dispatched to a polecat, round ${request.round}`,
      runId,
    });
  }
}
