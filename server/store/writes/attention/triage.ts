/** Requests of triage: every change of theirs, and the rest that triage takes when its runs get nowhere. */
import { and, eq, isNull, sql } from "drizzle-orm";
import type { TriageAction } from "../../../../protocol/index.ts";
import { TRIAGE_STATUS, triageAfter, type TriageEvent } from "../../../model/triage.ts";
import { escalations, triageRequests } from "../../schema/attention.ts";
import { beads } from "../../schema/beads.ts";
import { town } from "../../schema/town.ts";
import { given, prepared } from "../../prepared.ts";
import { present } from "../../present.ts";
import { addRow, changeRow, rowAt } from "../../rows.ts";
import type { Tx } from "../../tx.ts";
import { insertBead, projectStatus, recordEvent } from "../beads.ts";
import { resolveEscalation } from "../escalations.ts";

type Row = typeof triageRequests.$inferSelect;

/**
 * Makes the one request of an escalation. The escalation stays as it is.
 * @returns false when nobody is to be asked about it (any more)
 */
export function requestTriage(tx: Tx, escalationId: string): boolean {
  const escalation = rowAt(tx.db, escalations, escalationId);
  const about = rowAt(tx.db, beads, escalationId);
  if (!escalation?.ambiguous || !about || escalation.subjectId === null) return false;
  const workBeadId = escalation.subjectId;
  const { title, body, rigId } = about;
  const id = insertBead(tx, {
    ...{ type: "triage_request", status: "open", title, body, rigId },
    parentId: workBeadId,
  });
  addRow(tx.db, triageRequests, { beadId: id, state: "open", escalationId, workBeadId });
  changeRow(tx.db, escalations, escalationId, { ambiguous: false });
  tx.touch("escalation", escalationId);
  recordEvent(tx, id, "created", `triage is asked about: ${title}`);
  recordEvent(tx, workBeadId, "triage_requested", `triage is asked about: ${title}`);
  return true;
}

/** A run is given these requests: nobody else decides them while it lives. */
export function takeTriage(tx: Tx, ids: readonly string[], runId: string): void {
  for (const id of ids) {
    changeRow(tx.db, triageRequests, id, { runId });
    touchRequest(tx, id);
  }
}

/** Its run has ended without deciding it. `counted`: that was one of its tries. */
export function releaseTriage(tx: Tx, id: string, counted: boolean): void {
  const { tries } = read(tx, id);
  changeRow(tx.db, triageRequests, id, { runId: null, tries: tries + (counted ? 1 : 0) });
  touchRequest(tx, id);
}

/** @returns false when it is not open */
export function endTriage(
  tx: Tx,
  id: string,
  event: Exclude<TriageEvent, "decided">,
  text: string,
): boolean {
  const row = read(tx, id);
  if (!move(tx, row, event, {})) return false;
  recordEvent(tx, id, event, text);
  return true;
}

/** @returns false when it is not open */
export function closeTriage(
  tx: Tx,
  id: string,
  decided: { action: TriageAction; note: string; text: string },
): boolean {
  const row = read(tx, id);
  const { action, note, text } = decided;
  if (!move(tx, row, "decided", { action, note: note === "" ? null : note, decidedAt: tx.now }))
    return false;
  recordEvent(tx, id, "decided", text, { runId: row.runId });
  recordEvent(tx, row.workBeadId, "triaged", text, { runId: row.runId });
  return true;
}

/** How long nothing is asked of triage: after a failure, longer each time; 0 failures: not at all. */
export function restTriage(tx: Tx, failures: number, untilAt: number | null): void {
  tx.db.update(town).set({ triageFailures: failures, triageUntilAt: untilAt }).run();
}

/** Whether triage is asked, or how much, was set anew: whatever that may concern is looked at. */
export function touchTriage(tx: Tx): void {
  for (const { id } of openOnes(tx.db).all()) tx.touch("triage", id);
  for (const { id } of ambiguousOnes(tx.db).all()) tx.touch("escalation", id);
}
const openOnes = prepared((db) =>
  db
    .select({ id: triageRequests.beadId })
    .from(triageRequests)
    .where(eq(triageRequests.state, "open"))
    .prepare(),
);
const ambiguousOnes = prepared((db) =>
  db
    .select({ id: escalations.beadId })
    .from(escalations)
    // A literal: the partial index is used only then.
    .where(and(sql`ambiguous = 1`, isNull(escalations.resolvedAt)))
    .prepare(),
);

/** Requests that a run has, or has decided. */
export function requestsOfRun(tx: Tx, runId: string): Row[] {
  return ofRun(tx.db).all({ runId });
}
const ofRun = prepared((db) =>
  db
    .select()
    .from(triageRequests)
    .where(eq(triageRequests.runId, given("runId")))
    .prepare(),
);

function move(tx: Tx, row: Row, event: TriageEvent, set: Partial<Row>): boolean {
  const next = triageAfter(row.state, event);
  if (next === null) return false;
  changeRow(tx.db, triageRequests, row.beadId, { ...set, state: next });
  projectStatus(tx, row.beadId, "triage_request", TRIAGE_STATUS[next]);
  tx.touch("escalation", row.escalationId);
  return true;
}

/** The escalation's image says what became of its request. */
function touchRequest(tx: Tx, id: string): void {
  tx.touch("triage", id);
  tx.touch("escalation", read(tx, id).escalationId);
}

function read(tx: Tx, id: string): Row {
  return present(rowAt(tx.db, triageRequests, id), `triage request ${id}`);
}

/** The cards of what triage held are over once it is released. */
export function resolveTriageHolds(tx: Tx, workBeadId: string): void {
  const held = tx.db
    .select({ escalationId: triageRequests.escalationId })
    .from(triageRequests)
    .where(and(eq(triageRequests.workBeadId, workBeadId), eq(triageRequests.action, "hold")))
    .all();
  for (const { escalationId } of held) resolveEscalation(tx, escalationId, "it was released");
}
