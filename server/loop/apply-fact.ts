/**
 * Facts become observed columns; what follows from them is decided by rules. A fact of an old fence
 * changes nothing, except that saved work is attached to its bead; one of another runner nothing at all.
 */
import type { Fact, FactBody, FactOf, FailureReason } from "../../protocol/index.ts";
import { purgedRuns, runs, turns } from "../store/schema/runs.ts";
import type { Tx } from "../store/tx.ts";
import { setBubble } from "../store/writes/agents.ts";
import { recordEvent } from "../store/writes/beads.ts";
import { forgiveStarts } from "../store/writes/issues.ts";
import { noteBusy, noteRepetition, onTheGround } from "../store/writes/ladder.ts";
import { clearLane, noteProgress } from "../store/writes/limits/limits.ts";
import { seeTarget } from "../store/writes/rigs.ts";
import { tookGiven } from "../store/writes/saved/taken.ts";
import { mailSeen } from "../store/writes/attention/mails.ts";
import { advanceRun, endRun } from "../store/writes/runs.ts";
import { endTurn, startTurn } from "../store/writes/sessions.ts";
import { recordUsage } from "../store/writes/usage.ts";
import { changeRow, rowAt } from "../store/rows.ts";
import { noteCopy, noteUnsaved, saveWork } from "./apply-saved.ts";

type RunRow = typeof runs.$inferSelect;

/** @throws when the fact speaks of a run that this town never made: the caller sets it aside */
export function applyFact(tx: Tx, fact: Fact, runnerId: string): void {
  const run = rowAt(tx.db, runs, fact.runId);
  // Copies outlive their runs, and a town that was put back may know less.
  if (!run && fact.body.kind === "saved_copy") return;
  if (!run && rowAt(tx.db, purgedRuns, fact.runId)) return;
  if (!run) throw new Error(`run ${fact.runId} is unknown`);
  if (run.runnerId !== runnerId) return;
  tx.actor = `run:${run.id}`;
  const own = run.fenceEpoch === fact.fence.epoch && run.fenceN === fact.fence.n;
  const { body } = fact;
  if (body.kind === "saved_work") return saveWork(tx, run, body);
  if (body.kind === "saved_copy") return noteCopy(tx, run, body);
  // Of what went through the town the town itself has counted every call.
  if (body.kind === "usage") return run.relayed ? undefined : recordUsage(tx, run.id, body);
  // As with saved work: whose run it was does not matter to who looks for it.
  if (body.kind === "tree_kept") return noteKept(tx, run, body);
  if (!own || run.state === "ended") return;
  applyToRun(tx, run, body);
}

function applyToRun(
  tx: Tx,
  run: RunRow,
  body: Exclude<FactBody, { kind: "saved_work" | "saved_copy" | "usage" | "tree_kept" }>,
): void {
  switch (body.kind) {
    case "phase":
      advanceRun(tx, run.id, "preparing", body.phase);
      return;
    case "started":
      return started(tx, run, body);
    case "progress":
      return progressed(tx, run);
    case "target_seen":
      if (run.rigId && "rig" in run.spec)
        seeTarget(tx, run.rigId, { target: run.spec.rig.target, oid: body.oid, at: run.offeredAt });
      return;
    case "ports":
      changeRow(tx.db, runs, run.id, { ports: { first: body.first, count: body.count } });
      tx.touch("run", run.id);
      return;
    case "bubble":
      if (run.agentId) setBubble(tx, run.agentId, body.text);
      return;
    case "context":
      return noteContext(tx, run, body);
    case "repetition":
      return noteRepetition(tx, run, body);
    case "busy":
      return noteBusy(tx, run, body);
    case "not_saved":
      return noteUnsaved(tx, run, body);
    case "events":
      return;
    case "work_done":
    case "checked":
    case "verdict":
    case "landed":
    case "not_landed":
    case "baseline":
      if (body.kind === "work_done") tookGiven(tx, run, true);
      noteProgress(tx, run);
      changeRow(tx.db, runs, run.id, { result: body, progressAt: tx.now, ...onTheGround(tx.now) });
      tx.touch("run", run.id);
      return;
    case "mail_seen":
      return mailSeen(tx, body.mailId, run.id);
    case "turn_started":
      if (hasTurn(tx, run, body.turnId)) startTurn(tx, body.turnId, body.continued ?? null);
      return;
    case "turn_ended":
      if (hasTurn(tx, run, body.turnId)) finishTurn(tx, run, body);
      return;
    case "exit":
      endRun(
        tx,
        run.id,
        run.stopOutcome && body.outcome !== "done" ? run.stopOutcome : body.outcome,
        stopReasonOf(run, body) ?? body.reason,
      );
      return;
  }
}

function started(tx: Tx, run: RunRow, { began }: FactOf<"started">): void {
  advanceRun(tx, run.id, "running", null);
  if (began) changeRow(tx.db, runs, run.id, { began });
  if (!run.beadId) return;
  const where = began?.how === "resumed" ? " in its author's session" : "";
  recordEvent(tx, run.beadId, "run_started", `${startedText(run)}${where}`, { runId: run.id });
}

function noteContext(tx: Tx, run: RunRow, { kind: _, ...context }: FactOf<"context">): void {
  changeRow(tx.db, runs, run.id, { context });
  tx.touch("run", run.id);
}

function noteKept(tx: Tx, run: RunRow, { dir, reason }: FactOf<"tree_kept">): void {
  changeRow(tx.db, runs, run.id, { kept: { dir, reason }, keptTold: false });
  tx.touch("run", run.id);
}

function progressed(tx: Tx, run: RunRow): void {
  if (run.progressAt === null && run.kind === "work" && run.beadId) forgiveStarts(tx, run.beadId);
  noteProgress(tx, run);
  changeRow(tx.db, runs, run.id, { progressAt: tx.now, ...onTheGround(tx.now) });
  if (run.agentId) setBubble(tx, run.agentId, null);
  tx.touch("run", run.id);
}

/** What the town stopped it for, rather than that it was stopped. */
function stopReasonOf(run: RunRow, { outcome }: FactOf<"exit">): FailureReason | null {
  if (run.stopCode === null || outcome === "done") return null;
  return { code: run.stopCode, message: run.stopReason ?? "", source: "town" };
}

/** Whether the turn is under way by this run: one that was given to another is none of its business. */
function hasTurn(tx: Tx, run: RunRow, turnId: string): boolean {
  const turn = rowAt(tx.db, turns, turnId);
  return turn?.runId === run.id && turn.state === "running";
}

function finishTurn(
  tx: Tx,
  run: RunRow,
  { turnId, text, reason, message }: FactOf<"turn_ended">,
): void {
  if (reason === "completed") clearLane(tx, "mayor", run);
  if (reason === "completed") endTurn(tx, turnId, "answered", text, null);
  else endTurn(tx, turnId, "given_up", text, message ?? "the turn was interrupted");
}

function startedText(run: RunRow): string {
  const what = {
    work: "work",
    check: "the gates",
    review: "a review",
    merge: "the merge",
    baseline: "the baseline",
    session: "a conversation",
    triage: "triage",
  };
  return `attempt ${run.attempt}: ${what[run.kind]} began`;
}
