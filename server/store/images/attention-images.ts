/** Images of beads that ask for somebody. */
import { and, eq } from "drizzle-orm";
import type { Escalation, Mail, Question, TriageRequest } from "../../../protocol/index.ts";
import { escalationState } from "../../model/attention-states.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { escalations, mails, questions, triageRequests } from "../schema/attention.ts";
import { beads } from "../schema/beads.ts";
import { notInTrash } from "../trash/in-trash.ts";
import { commonImage } from "./common-image.ts";

const escalationRow = prepared((db) =>
  db
    .select()
    .from(escalations)
    .innerJoin(beads, eq(beads.id, escalations.beadId))
    .where(and(eq(escalations.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);

const questionRow = prepared((db) =>
  db
    .select()
    .from(questions)
    .innerJoin(beads, eq(beads.id, questions.beadId))
    .where(and(eq(questions.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);

export function questionImage(db: Db, id: string): Question | null {
  const row = questionRow(db).get({ id });
  if (!row) return null;
  const { workBeadId, fingerprint: _fingerprint, ...question } = row.questions;
  return {
    ...commonImage(row.beads),
    type: "question",
    body: row.beads.body,
    ...question,
    beadId: workBeadId,
  };
}

export function escalationImage(db: Db, id: string): Escalation | null {
  const row = escalationRow(db).get({ id });
  if (!row) return null;
  const {
    beadId: _id,
    key: _key,
    holdsWhile: _holds,
    ambiguous: _ambiguous,
    ...escalation
  } = row.escalations;
  return {
    ...commonImage(row.beads),
    type: "escalation",
    body: row.beads.body,
    state: escalationState(escalation),
    ...escalation,
    triage: triageOf(db, id),
  };
}

const requestOf = prepared((db) =>
  db
    .select()
    .from(triageRequests)
    .where(eq(triageRequests.escalationId, given("id")))
    .limit(1)
    .prepare(),
);

function triageOf(db: Db, escalationId: string): Escalation["triage"] {
  const row = requestOf(db).get({ id: escalationId });
  if (!row) return null;
  const { beadId: id, state, runId, action, note } = row;
  return { id, state, isTaken: state === "open" && runId !== null, action, note };
}

const triageRow = prepared((db) =>
  db
    .select()
    .from(triageRequests)
    .innerJoin(beads, eq(beads.id, triageRequests.beadId))
    .where(and(eq(triageRequests.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);

export function triageImage(db: Db, id: string): TriageRequest | null {
  const row = triageRow(db).get({ id });
  if (!row) return null;
  const { workBeadId, ...request } = row.triage_requests;
  return {
    ...commonImage(row.beads),
    type: "triage_request",
    body: row.beads.body,
    ...request,
    beadId: workBeadId,
  };
}

const mailRow = prepared((db) =>
  db
    .select()
    .from(mails)
    .innerJoin(beads, eq(beads.id, mails.beadId))
    .where(and(eq(mails.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);

export function mailImage(db: Db, id: string): Mail | null {
  const row = mailRow(db).get({ id });
  if (!row) return null;
  const { beadId: _id, ...mail } = row.mails;
  return { ...commonImage(row.beads), type: "mail", body: row.beads.body, ...mail };
}
