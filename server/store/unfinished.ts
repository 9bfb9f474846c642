/** What is unfinished: all of it, in slices that are looked at bit by bit, and the runs that hold a resource. */
import { and, asc, eq, gt, inArray, isNull, ne, sql } from "drizzle-orm";
import type { BeadStatus, ReviewState } from "../../protocol/index.ts";
import { REVIEW_STATUS, type IssueState } from "../model/states.ts";
import type { Db } from "./database.ts";
import { given } from "./prepared.ts";
import { agents, beads, convoys, issues, reviews } from "./schema/beads.ts";
import { escalations, mails, questions, triageRequests } from "./schema/attention.ts";
import { molecules } from "./schema/molecules.ts";
import { rigs, runners, runs } from "./schema/runs.ts";

/** Open beads by state: of several states at once, each slice would read and sort all of them. */
export const SLICES = [
  "runner",
  "run",
  "review",
  "open issue",
  "issue at work",
  "issue in review",
  "convoy",
  "molecule",
  "agent",
  "rig",
  "escalation",
  "question",
  "mail",
  "triage",
] as const;
export type SliceKind = (typeof SLICES)[number];

/** States of the beads and reviews of a rig that are not settled, each gone over by itself. */
export const RIG_SLICES = ["open", "in_progress", "in_review"] as const satisfies BeadStatus[];
export type RigSlice = (typeof RIG_SLICES)[number];

export interface Unfinished {
  /** Ids of one kind after `after`, in order. */
  slice(kind: SliceKind, after: string, limit: number): string[];
  /** Beads and reviews of a rig in this state after `after`, in order. */
  ofRig(rigId: string, status: RigSlice, after: string, limit: number): string[];
}

const after = given("after");
const limit = given("limit");

export function prepareUnfinished(db: Db): Unfinished {
  const readers = prepareSlices(db);
  const ofRig = db
    .select({ id: beads.id })
    .from(beads)
    .where(
      and(
        eq(beads.rigId, given("rigId")),
        eq(beads.status, given("status")),
        inArray(beads.type, ["issue", "merge_request"]),
        gt(beads.id, after),
      ),
    )
    .orderBy(asc(beads.id))
    .limit(limit)
    .prepare();
  const ids = (rows: { id: string }[]) => rows.map((row) => row.id);
  return {
    slice: (kind, from, count) => ids(readers[kind].all({ after: from, limit: count })),
    ofRig: (rigId, status, from, count) =>
      ids(ofRig.all({ rigId, status, after: from, limit: count })),
  };
}

const LIVE_REVIEWS = Object.entries(REVIEW_STATUS).flatMap(([state, status]) =>
  status === "closed" ? [] : [state as ReviewState],
);

function prepareSlices(db: Db) {
  return {
    "open issue": issuesIn(db, "open"),
    "issue at work": issuesIn(db, "in_progress"),
    "issue in review": issuesIn(db, "in_review"),
    runner: db
      .select({ id: runners.id })
      .from(runners)
      .where(gt(runners.id, after))
      .orderBy(asc(runners.id))
      .limit(limit)
      .prepare(),
    run: db
      .select({ id: runs.id })
      .from(runs)
      .where(and(isNull(runs.settledAt), gt(runs.id, after)))
      .orderBy(asc(runs.id))
      .limit(limit)
      .prepare(),
    review: db
      .select({ id: reviews.beadId })
      .from(reviews)
      .where(and(inArray(reviews.state, LIVE_REVIEWS), gt(reviews.beadId, after)))
      .orderBy(asc(reviews.beadId))
      .limit(limit)
      .prepare(),
    ...prepareGroups(db),
    rig: db
      .select({ id: rigs.id })
      .from(rigs)
      // Those in the trash too: they have a time.
      .where(gt(rigs.id, after))
      .orderBy(asc(rigs.id))
      .limit(limit)
      .prepare(),
    mail: db
      .select({ id: mails.beadId })
      .from(mails)
      .where(and(inArray(mails.state, ["queued", "delivered"]), gt(mails.beadId, after)))
      .orderBy(asc(mails.beadId))
      .limit(limit)
      .prepare(),
    triage: db
      .select({ id: triageRequests.beadId })
      .from(triageRequests)
      .where(and(eq(triageRequests.state, "open"), gt(triageRequests.beadId, after)))
      .orderBy(asc(triageRequests.beadId))
      .limit(limit)
      .prepare(),
    question: db
      .select({ id: questions.beadId })
      .from(questions)
      .where(and(eq(questions.state, "open"), gt(questions.beadId, after)))
      .orderBy(asc(questions.beadId))
      .limit(limit)
      .prepare(),
    escalation: db
      .select({ id: escalations.beadId })
      .from(escalations)
      .where(and(isNull(escalations.resolvedAt), gt(escalations.beadId, after)))
      .orderBy(asc(escalations.beadId))
      .limit(limit)
      .prepare(),
  };
}

/** What beads belong to. */
function prepareGroups(db: Db) {
  return {
    convoy: db
      .select({ id: convoys.beadId })
      .from(convoys)
      .where(and(inArray(convoys.state, ["active", "landing"]), gt(convoys.beadId, after)))
      .orderBy(asc(convoys.beadId))
      .limit(limit)
      .prepare(),
    agent: db
      .select({ id: beads.id })
      .from(beads)
      .innerJoin(agents, eq(agents.beadId, beads.id))
      .where(
        and(
          // Literals, for the index of idle agents.
          sql`${beads.type} = 'agent' and ${beads.status} = 'open'`,
          ne(agents.role, "mayor"),
          gt(beads.id, after),
        ),
      )
      .orderBy(asc(beads.id))
      .limit(limit)
      .prepare(),
    molecule: db
      .select({ id: molecules.beadId })
      .from(molecules)
      .where(and(inArray(molecules.state, ["active", "asking"]), gt(molecules.beadId, after)))
      .orderBy(asc(molecules.beadId))
      .limit(limit)
      .prepare(),
  };
}

function issuesIn(db: Db, state: IssueState) {
  return db
    .select({ id: issues.beadId })
    .from(issues)
    .where(and(eq(issues.state, state), gt(issues.beadId, after)))
    .orderBy(asc(issues.beadId))
    .limit(limit)
    .prepare();
}

/** Runs that hold a resource (`beadResource` names a bead's): from their ends the town has not drawn its conclusions. */
export function heldRuns(db: Db, resource: string): string[] {
  return db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.resource, resource), isNull(runs.settledAt)))
    .all()
    .map(({ id }) => id);
}
