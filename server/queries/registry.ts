/** Queries: synchronous reads, answered at once. */
import { beadCommits } from "./commits.ts";
import { convoyGet, convoyList } from "./convoys.ts";
import { and, asc, count, desc, eq, isNull, sql } from "drizzle-orm";
import { beadTypeSchema, ok, type CommandName } from "../../protocol/index.ts";
import { answerList, escalationList, mailList, questionList } from "./attention.ts";
import { formulaList, formulaShow, moleculeGet, moleculeList } from "./molecules.ts";
import type { Query } from "./query.ts";
import { resolveAuthor } from "../model/authorship/author.ts";
import { BEAD_TYPES } from "../model/bead-types.ts";
import type { Action } from "../reconcile/plan.ts";
import {
  imageOf,
  readableImage,
  reviewImage,
  runImage,
  townImage,
} from "../store/images/images.ts";
import { readAuthors } from "../store/limits/authors.ts";
import { readProgramChoices } from "../store/limits/programs.ts";
import { findBead, findRig, findRun } from "../store/refs.ts";
import { agents, beadEvents, beads, issues, reviews } from "../store/schema/beads.ts";
import { escalations } from "../store/schema/attention.ts";
import { runs } from "../store/schema/runs.ts";
import { readModelSettings } from "../store/settings.ts";
import { TOWN_SCOPE } from "../store/limits/policies.ts";
import { readBudgets, readSettings } from "../store/limits/shown.ts";
import { topicItems } from "../store/images/topics.ts";
import { present } from "../store/present.ts";
import { notInTrash } from "../store/trash/in-trash.ts";
import { trashList } from "./trash.ts";
import { beadWork } from "./bead-work.ts";
import { explainBead, explainConvoy, explainReview, explainRig, explainRun } from "./explain.ts";

const status: Query<"town.status"> = ({ db, images }) => {
  const items = topicItems(db, "town", images);
  const groups = db
    .select({ state: issues.state, n: count() })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(notInTrash(beads.rigId))
    .groupBy(issues.state)
    .all();
  return ok({
    town: present(townImage(db, images), "the town"),
    rigs: items.flatMap((item) => (item.kind === "rig" && item.value ? [item.value] : [])),
    runners: items.flatMap((item) => (item.kind === "runner" && item.value ? [item.value] : [])),
    counts: Object.fromEntries(groups.map((group) => [group.state, group.n])),
    liveRuns:
      db
        .select({ n: count() })
        .from(runs)
        .where(sql`${runs.state} <> 'ended'`)
        .get()?.n ?? 0,
    openEscalations:
      db
        .select({ n: count() })
        .from(escalations)
        .innerJoin(beads, eq(beads.id, escalations.beadId))
        .where(and(isNull(escalations.resolvedAt), notInTrash(beads.rigId)))
        .get()?.n ?? 0,
  });
};

/** A preview can be long: this many steps are shown. */
const PREVIEW_MAX = 500;

const preview: Query<"reconcile.preview"> = ({ preview: look }) => {
  const { steps, faults } = look();
  return ok({
    steps: steps.slice(0, PREVIEW_MAX).map(({ rule, key, actions }) => ({
      rule,
      key,
      actions: actions.map(shown),
    })),
    faults: faults.map(({ rule, key, error }) => ({ rule, key, error: String(error) })),
  });
};

/** An offer's spec is made when it is given; what it is for can be said before. */
function shown(action: Action): { do: string } {
  if (action.do !== "offer") return action;
  const { spec: _spec, ...request } = action.request;
  return { ...action, request } as { do: string };
}

/** Every word occurs in the title, the body or a label. */
function wordsIn(text: string) {
  const words = text.split(/\s+/).filter(Boolean).slice(0, 10);
  return words.map((word) => {
    const pattern = `%${word.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    return sql`(${beads.title} like ${pattern} escape '\\' or ${beads.body} like ${pattern} escape '\\' or ${beads.labels} like ${pattern} escape '\\')`;
  });
}

const beadList: Query<"bead.list"> = ({ db, images }, body) => {
  const rig = body.rig === undefined ? null : findRig(db, body.rig);
  if (rig && !rig.ok) return rig;
  const rows = db
    .select({ id: beads.id })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(
      and(
        rig ? eq(beads.rigId, rig.value.id) : notInTrash(beads.rigId),
        body.status ? eq(issues.state, body.status) : undefined,
        body.archived ? undefined : isNull(beads.archivedAt),
        ...wordsIn(body.text ?? ""),
      ),
    )
    .orderBy(desc(beads.id))
    .limit(body.limit)
    .all();
  return ok(rows.flatMap((row) => readableImage(db, "issue", row.id, images)?.value ?? []));
};

const beadGet: Query<"bead.get"> = ({ db, images }, body) => {
  const bead = findBead(db, body.bead, beadTypeSchema.options, "bead");
  if (!bead.ok) return bead;
  const { id, type } = bead.value;
  const runIds = db
    .select({ id: runs.id })
    .from(runs)
    .where(eq(runs.beadId, id))
    .orderBy(asc(runs.offeredAt))
    .all();
  const reviewIds = db
    .select({ id: reviews.beadId })
    .from(reviews)
    .where(eq(reviews.subjectId, id))
    .all();
  return ok({
    bead: imageOf(db, BEAD_TYPES[type].image, id, images).value,
    runs: runIds.map((row) => present(runImage(db, row.id), `run ${row.id}`)),
    reviews: reviewIds.map((row) => present(reviewImage(db, row.id), `review ${row.id}`)),
    events: db
      .select()
      .from(beadEvents)
      .where(eq(beadEvents.beadId, id))
      .orderBy(asc(beadEvents.id))
      .all(),
  });
};

const reviewGet: Query<"review.get"> = ({ db }, body) => {
  const bead = findBead(db, body.review, ["merge_request"], "review");
  return bead.ok ? ok(present(reviewImage(db, bead.value.id), `review ${bead.value.id}`)) : bead;
};

const runGet: Query<"run.get"> = ({ db }, body) => {
  const run = findRun(db, body.run);
  return run.ok ? ok(present(runImage(db, run.value.id), `run ${run.value.id}`)) : run;
};

const runEvents: Query<"run.events"> = ({ db, streams }, body) => {
  const run = findRun(db, body.run);
  return run.ok ? ok(streams.since(run.value.id, body.since, body.limit)) : run;
};

const agentList: Query<"agent.list"> = ({ db, images }) => {
  const rows = db.select({ id: agents.beadId }).from(agents).where(isNull(agents.retiredAt)).all();
  const list = rows.flatMap((row) => {
    return readableImage(db, "agent", row.id, images)?.value ?? [];
  });
  const active = (state: string) => (state === "working" ? 0 : 1);
  return ok(
    list.sort(
      (a, b) =>
        active(a.state) - active(b.state) || (b.lastActivityAt ?? 0) - (a.lastActivityAt ?? 0),
    ),
  );
};

const settingsGet: Query<"settings.get"> = ({ db, policies }, body) => {
  const rig = body.rig === undefined ? null : findRig(db, body.rig);
  if (rig && !rig.ok) return rig;
  return ok(readSettings(db, policies.defaults, rig ? rig.value.id : TOWN_SCOPE));
};

const programGet: Query<"program.get"> = ({ db }, body) => {
  const rig = body.rig === undefined ? null : findRig(db, body.rig);
  if (rig && !rig.ok) return rig;
  return ok(readProgramChoices(db, rig ? rig.value.id : null));
};

const authorGet: Query<"author.get"> = ({ db, hostAuthor: host }, body) => {
  const rig = body.rig === undefined ? null : findRig(db, body.rig);
  if (rig && !rig.ok) return rig;
  return ok(resolveAuthor({ chosen: readAuthors(db), host }, rig ? rig.value.id : null));
};

export const answerQuery = {
  "town.status": status,
  "reconcile.preview": preview,
  "bead.explain": (ports, body) => explainBead(ports, body.bead),
  "review.explain": (ports, body) => explainReview(ports, body.review),
  "convoy.explain": (ports, body) => explainConvoy(ports, body.convoy),
  "run.explain": (ports, body) => explainRun(ports, body.run),
  "rig.explain": (ports, body) => explainRig(ports, body.rig),
  "model.get": ({ db, images }) => ok(readModelSettings(db, images.secrets)),
  "rig.list": ({ db, images }) =>
    ok(
      topicItems(db, "town", images).flatMap((item) =>
        item.kind === "rig" && item.value ? [item.value] : [],
      ),
    ),
  "bead.list": beadList,
  "bead.get": beadGet,
  "bead.commits": beadCommits,
  "bead.work": beadWork,
  "convoy.list": convoyList,
  "convoy.get": convoyGet,
  "formula.list": formulaList,
  "formula.show": formulaShow,
  "molecule.list": moleculeList,
  "molecule.get": moleculeGet,
  "review.get": reviewGet,
  "run.get": runGet,
  "run.events": runEvents,
  "agent.list": agentList,
  "escalation.list": escalationList,
  "author.get": authorGet,
  "program.get": programGet,
  "settings.get": settingsGet,
  "budget.list": ({ db, now, policies }) => ok(readBudgets(db, now, policies.town)),
  "question.list": questionList,
  "answer.list": answerList,
  "mail.list": mailList,
  "trash.list": trashList,
} as const satisfies { [N in CommandName]?: Query<N> };
export type QueryName = keyof typeof answerQuery;
