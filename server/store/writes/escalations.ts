/** Escalations: every change of theirs, and the one constructor. */
import { and, eq, isNull } from "drizzle-orm";
import type { EscalationTarget, Severity } from "../../../protocol/index.ts";
import {
  ESCALATION_STATUS,
  escalationAfter,
  escalationState,
  moreSevere,
  mostSevere,
  urgent,
  type EscalationEvent,
} from "../../model/attention-states.ts";
import { holdsWhileOf, nextReminderAt } from "../../model/escalation.ts";
import { isBeadId } from "../id-kind.ts";
import { escalations } from "../schema/attention.ts";
import { beads } from "../schema/beads.ts";
import { changeRow } from "../rows.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus, recordEvent } from "./beads.ts";
import { noteForMayor } from "./attention/digest.ts";

export interface NewEscalation {
  title: string;
  body: string;
  severity: Severity;
  /** The rule that raises it, or `run:ID`. */
  source: string;
  subjectId: string | null;
  rigId: string | null;
  /** Who is asked; a person when it is left out. */
  target?: EscalationTarget;
  /** It is over when its subject is in none of these states; by default as server/model/escalation.ts says. */
  holdsWhile?: readonly string[] | null;
  /** What makes two of them the same matter; by default source and subject. */
  key?: string;
  /** A triage agent may be asked what to do about it. */
  ambiguous?: boolean;
}

type Row = typeof escalations.$inferSelect;

/** The one constructor of escalations. A matter that is raised while it is unresolved joins what is there. */
export function escalate(tx: Tx, escalation: NewEscalation): string {
  const { title, body, severity, source, subjectId, rigId, target = "person" } = escalation;
  const key = escalation.key ?? `${source} ${subjectId ?? ""}`;
  const open = tx.db
    .select()
    .from(escalations)
    .where(and(eq(escalations.key, key), isNull(escalations.resolvedAt)))
    .limit(1)
    .get();
  if (open) return raiseAgain(tx, open, escalation);
  const id = insertBead(tx, { type: "escalation", status: "open", title, body, rigId });
  const holdsWhile =
    escalation.holdsWhile === undefined ? holdsWhileOf(subjectId) : escalation.holdsWhile;
  tx.db
    .insert(escalations)
    .values({
      beadId: id,
      severity,
      source,
      subjectId,
      target: urgent(severity) ? "person" : target,
      key,
      holdsWhile: holdsWhile === null ? null : [...holdsWhile],
      remindAt: nextReminderAt(tx.now, "open", severity, tx.policy),
      ambiguous: escalation.ambiguous ?? false,
    })
    .run();
  recordEvent(tx, id, "created", `raised by ${source}`);
  noteForMayor(tx, "escalated", id, whoIsTold(severity, urgent(severity) ? "person" : target));
  tellSubject(tx, subjectId, "escalated", `escalated: ${title}`);
  return id;
}

function whoIsTold(severity: Severity, target: EscalationTarget): string {
  return target === "mayor" ? `${severity}, for you to judge` : `${severity}, a person is told`;
}

function raiseAgain(tx: Tx, row: Row, { title, body, severity, target }: NewEscalation): string {
  const worst = mostSevere(row.severity, severity);
  move(tx, row, "raised_again", {
    times: row.times + 1,
    severity: worst,
    ambiguous: stillAmbiguous(row, worst),
    target: urgent(worst) || target !== "mayor" ? "person" : row.target,
  });
  tx.db.update(beads).set({ title, body, updatedAt: tx.now }).where(eq(beads.id, row.beadId)).run();
  recordEvent(tx, row.beadId, "raised_again", `raised again: ${title}`);
  return row.beadId;
}

/** @returns false when it is not open */
export function acknowledgeEscalation(tx: Tx, id: string): boolean {
  const row = read(tx, id);
  if (!row) return false;
  const remindAt = nextReminderAt(tx.now, "acknowledged", row.severity, tx.policy);
  if (!move(tx, row, "acknowledged", { acknowledgedAt: tx.now, remindAt })) return false;
  recordEvent(tx, id, "acknowledged", "acknowledged");
  tellSubject(tx, row.subjectId, "acknowledged", "its escalation was acknowledged");
  return true;
}

/** @returns false when it is resolved already */
export function resolveEscalation(tx: Tx, id: string, note: string): boolean {
  const row = read(tx, id);
  if (!row) return false;
  const set = { resolvedAt: tx.now, remindAt: null, resolution: note === "" ? null : note };
  if (!move(tx, row, "resolved", set)) return false;
  const text = note === "" ? "resolved" : `resolved: ${note}`;
  recordEvent(tx, id, "resolved", text);
  tellSubject(tx, row.subjectId, "escalation_resolved", `its escalation was ${text}`);
  return true;
}

/** Resolves what is open under a key, if anything is. */
export function resolveByKey(tx: Tx, key: string, note: string): void {
  const row = tx.db
    .select({ id: escalations.beadId })
    .from(escalations)
    .where(and(eq(escalations.key, key), isNull(escalations.resolvedAt)))
    .limit(1)
    .get();
  if (row) resolveEscalation(tx, row.id, note);
}

/** @returns false when it is resolved: nobody is reminded of what is over */
export function remindOfEscalation(
  tx: Tx,
  id: string,
  reminder: { severity: Severity; remindAt: number; text: string },
): boolean {
  const row = read(tx, id);
  if (!row) return false;
  const { severity, remindAt } = reminder;
  const set = {
    severity,
    remindAt,
    ambiguous: stillAmbiguous(row, severity),
    reminders: row.reminders + 1,
    target: urgent(severity) ? ("person" as const) : row.target,
  };
  if (!move(tx, row, "reminded", set)) return false;
  recordEvent(tx, id, "reminded", reminder.text);
  return true;
}

/** What has become urgent is a person's at once. */
function stillAmbiguous(row: Row, severity: Severity): boolean {
  return row.ambiguous && (urgent(row.severity) || !urgent(severity));
}

/**
 * One step more severe, and a person's from now on.
 * @param least at least as severe as this
 * @returns false when it is resolved
 */
export function raiseToPeople(tx: Tx, id: string, text: string, least: Severity = "low"): boolean {
  const row = read(tx, id);
  if (!row) return false;
  const severity = mostSevere(moreSevere(row.severity), least);
  const remindAt = nextReminderAt(tx.now, escalationState(row), severity, tx.policy);
  const set = { severity, remindAt, target: "person" as const, ambiguous: false };
  if (!move(tx, row, "raised_again", set)) return false;
  recordEvent(tx, id, "raised_again", text);
  noteForMayor(tx, "escalated", id, whoIsTold(severity, "person"));
  return true;
}

/** From now on it waits for a person. */
export function giveToPeople(tx: Tx, id: string): void {
  changeRow(tx.db, escalations, id, { target: "person" });
  tx.touch("escalation", id);
}

/**
 * What it was raised for may pass, and what was done about it goes on: it stays until its bead has come to its end, or a person
 * resolves it.
 */
export function keepUntilTheEnd(tx: Tx, id: string): void {
  const subjectId = read(tx, id)?.subjectId ?? null;
  const states = holdsWhileOf(subjectId);
  changeRow(tx.db, escalations, id, { holdsWhile: states === null ? null : [...states] });
  tx.touch("escalation", id);
}

function read(tx: Tx, id: string): Row | undefined {
  return tx.db.select().from(escalations).where(eq(escalations.beadId, id)).get();
}

function move(tx: Tx, row: Row, event: EscalationEvent, set: Partial<Row>): boolean {
  const next = escalationAfter(escalationState(row), event);
  if (next === null) return false;
  tx.db.update(escalations).set(set).where(eq(escalations.beadId, row.beadId)).run();
  projectStatus(tx, row.beadId, "escalation", ESCALATION_STATUS[next]);
  return true;
}

/** What happens to an escalation is in the history of the bead that it is about, too. */
function tellSubject(tx: Tx, subjectId: string | null, kind: string, text: string): void {
  if (subjectId === null || !isBeadId(subjectId)) return;
  const bead = tx.db.select({ id: beads.id }).from(beads).where(eq(beads.id, subjectId)).get();
  if (bead) recordEvent(tx, subjectId, kind, text);
}
