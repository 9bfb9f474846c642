import { eq } from "drizzle-orm";
import { escalations } from "../schema/beads.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus, recordEvent } from "./beads.ts";

/** The one constructor of escalations. */
export function escalate(
  tx: Tx,
  escalation: {
    title: string;
    body: string;
    severity: "low" | "medium" | "high" | "critical";
    source: string;
    subjectId: string | null;
    rigId: string | null;
  },
): string {
  const { title, body, severity, source, subjectId, rigId } = escalation;
  const id = insertBead(tx, { type: "escalation", status: "open", title, body, rigId });
  tx.db.insert(escalations).values({ beadId: id, severity, source, subjectId }).run();
  recordEvent(tx, id, "created", `raised by ${source}`);
  return id;
}

export function acknowledgeEscalation(tx: Tx, id: string): void {
  tx.db.update(escalations).set({ acknowledgedAt: tx.now }).where(eq(escalations.beadId, id)).run();
  projectStatus(tx, id, "escalation", "in_progress");
  recordEvent(tx, id, "acknowledged", "acknowledged");
}

export function resolveEscalation(tx: Tx, id: string, note: string): void {
  tx.db.update(escalations).set({ resolvedAt: tx.now }).where(eq(escalations.beadId, id)).run();
  projectStatus(tx, id, "escalation", "closed");
  recordEvent(tx, id, "resolved", note === "" ? "resolved" : `resolved: ${note}`);
}

/** Escalations about a subject that has moved on by a person's hand are over. */
export function resolveAbout(tx: Tx, subjectId: string, note: string): void {
  const open = tx.db
    .select({ id: escalations.beadId, resolvedAt: escalations.resolvedAt })
    .from(escalations)
    .where(eq(escalations.subjectId, subjectId))
    .all();
  for (const each of open) if (each.resolvedAt === null) resolveEscalation(tx, each.id, note);
}
