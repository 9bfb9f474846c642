/** Readings of beads that ask for somebody. */
import { and, asc, desc, eq, isNotNull, isNull, like, or, sql } from "drizzle-orm";
import { ok } from "../../protocol/index.ts";
import { escalationImage, mailImage, questionImage } from "../store/images/attention-images.ts";
import { findBead, findRig } from "../store/refs.ts";
import { beads } from "../store/schema/beads.ts";
import { present } from "../store/present.ts";
import { escalations, mails, questions, rigAnswers } from "../store/schema/attention.ts";
import { notInTrash } from "../store/trash/in-trash.ts";
import type { Query } from "./query.ts";

const severest = sql`case ${escalations.severity} when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end`;

const STATES = {
  open: and(isNull(escalations.resolvedAt), isNull(escalations.acknowledgedAt)),
  acknowledged: and(isNull(escalations.resolvedAt), isNotNull(escalations.acknowledgedAt)),
  resolved: isNotNull(escalations.resolvedAt),
} as const;

export const escalationList: Query<"escalation.list"> = ({ db }, body) => {
  const rows = db
    .select({ id: escalations.beadId })
    .from(escalations)
    .innerJoin(beads, eq(beads.id, escalations.beadId))
    .where(
      and(
        notInTrash(beads.rigId),
        body.state ? STATES[body.state] : isNull(escalations.resolvedAt),
        body.target ? eq(escalations.target, body.target) : undefined,
      ),
    )
    .orderBy(
      ...(body.state === "resolved"
        ? [desc(escalations.resolvedAt)]
        : [asc(severest), asc(escalations.beadId)]),
    )
    .limit(body.limit)
    .all();
  return ok(rows.map(({ id }) => present(escalationImage(db, id), `escalation ${id}`)));
};

export const questionList: Query<"question.list"> = ({ db }, body) => {
  const rig = body.rig === undefined ? null : findRig(db, body.rig);
  if (rig && !rig.ok) return rig;
  const bead = body.bead === undefined ? null : findBead(db, body.bead, ["issue"], "bead");
  if (bead && !bead.ok) return bead;
  const { state = "open" } = body;
  const rows = db
    .select({ id: questions.beadId })
    .from(questions)
    .innerJoin(beads, eq(beads.id, questions.beadId))
    .where(
      and(
        notInTrash(beads.rigId),
        eq(questions.state, state),
        rig ? eq(beads.rigId, rig.value.id) : undefined,
        bead ? eq(questions.workBeadId, bead.value.id) : undefined,
      ),
    )
    .orderBy(state === "open" ? asc(questions.deadlineAt) : desc(questions.beadId))
    .limit(body.limit)
    .all();
  return ok(rows.map(({ id }) => present(questionImage(db, id), `question ${id}`)));
};

export const answerList: Query<"answer.list"> = ({ db }, body) => {
  const rig = body.rig === undefined ? null : findRig(db, body.rig);
  if (rig && !rig.ok) return rig;
  const words = body.search === undefined ? undefined : `%${body.search.replace(/[%_]/g, " ")}%`;
  const rows = db
    .select()
    .from(rigAnswers)
    .where(
      and(
        notInTrash(rigAnswers.rigId),
        rig ? eq(rigAnswers.rigId, rig.value.id) : undefined,
        words === undefined
          ? undefined
          : or(like(rigAnswers.question, words), like(rigAnswers.answer, words)),
      ),
    )
    .orderBy(desc(rigAnswers.createdAt), desc(rigAnswers.id))
    .limit(body.limit)
    .all();
  return ok(rows.map(({ fingerprint: _fingerprint, ...answer }) => answer));
};

export const mailList: Query<"mail.list"> = ({ db }, body) => {
  const to = body.to === undefined ? null : findBead(db, body.to, ["issue", "agent"], "recipient");
  if (to && !to.ok) return to;
  const rows = db
    .select({ id: mails.beadId })
    .from(mails)
    .innerJoin(beads, eq(beads.id, mails.beadId))
    .where(
      and(
        notInTrash(beads.rigId),
        to ? eq(mails.toId, to.value.id) : undefined,
        body.state ? eq(mails.state, body.state) : undefined,
      ),
    )
    .orderBy(desc(mails.beadId))
    .limit(body.limit)
    .all();
  return ok(rows.map(({ id }) => present(mailImage(db, id), `mail ${id}`)));
};
