/** Everything unfinished, as the reconciler sees it. Prepared once: it runs at every tick. */
import { asc, eq, inArray, isNull, ne, notInArray, or, sql } from "drizzle-orm";
import type { Policy } from "../model/policy.ts";
import type {
  BlockerView,
  IssueView,
  ReviewView,
  RunView,
  Snapshot,
} from "../reconcile/snapshot.ts";
import type { Db } from "./database.ts";
import { beadDependencies, beads, convoys, issues, reviews, rounds } from "./schema/beads.ts";
import { rigs, runners, runs, turns } from "./schema/runs.ts";
import {
  missingModel,
  modelFor,
  readModelSettings,
  readStoredModel,
  type SecretReader,
} from "./settings.ts";

/** What only this process knows. */
export interface Live {
  now: number;
  policy: Policy;
  secrets: SecretReader;
  observingUntil: number | null;
  author: { name: string; email: string };
  /** Runners with a live connection: id -> when they were last heard. */
  lastSeen: ReadonlyMap<string, number>;
  /** Those of them that take nothing new until their next hello. */
  draining: ReadonlySet<string>;
}

const LIVE_ISSUES = ["open", "in_progress", "in_review"] as const;
const SETTLED_REVIEWS = ["merged", "withdrawn"] as const;

export function prepareSnapshot(db: Db): (live: Live) => Snapshot {
  const readBeads = prepareBeads(db);
  const readRuns = prepareRuns(db);
  return (live) => {
    const { now, policy, author, observingUntil } = live;
    return {
      now,
      policy,
      author,
      observingUntil: observingUntil !== null && observingUntil > now ? observingUntil : null,
      ...modelView(db, live),
      ...readBeads(),
      ...readRuns(live),
    };
  };
}

function prepareBeads(db: Db): () => Pick<Snapshot, "issues" | "reviews" | "convoys"> {
  const issueRows = db
    .select({ bead: beads, issue: issues })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(inArray(issues.state, [...LIVE_ISSUES]))
    .orderBy(asc(issues.beadId))
    .prepare();
  const readBlockers = prepareBlockers(db);
  const reviewRows = db
    .select({ review: reviews, rigId: beads.rigId })
    .from(reviews)
    .innerJoin(beads, eq(beads.id, reviews.beadId))
    .where(notInArray(reviews.state, [...SETTLED_REVIEWS]))
    .orderBy(asc(reviews.beadId))
    .prepare();
  const roundRows = db
    .select()
    .from(rounds)
    .where(
      sql`${rounds.reviewId} in (select bead_id from reviews where state not in ('merged', 'withdrawn')) and ${rounds.round} = (select max(r.round) from rounds r where r.review_id = ${rounds.reviewId})`,
    )
    .prepare();
  const readConvoys = prepareConvoys(db);
  return () => {
    const blockers = readBlockers();
    const newest = new Map(roundRows.all().map((row) => [row.reviewId, row.record]));
    return {
      issues: issueRows.all().map((row) => issueView(row, blockers.get(row.bead.id) ?? [])),
      reviews: reviewRows
        .all()
        .map(({ review, rigId }) => reviewView(review, rigId, newest.get(review.beadId) ?? null)),
      convoys: readConvoys(),
    };
  };
}

function prepareBlockers(db: Db): () => Map<string, BlockerView[]> {
  const rows = db
    .select({
      beadId: beadDependencies.beadId,
      id: beads.id,
      title: beads.title,
      status: beads.status,
      landedOn: issues.landedOn,
      landedOid: issues.landedOid,
      outcome: issues.outcome,
    })
    .from(beadDependencies)
    .innerJoin(beads, eq(beads.id, beadDependencies.onId))
    .leftJoin(issues, eq(issues.beadId, beads.id))
    .where(
      sql`${beadDependencies.type} = 'blocks' and ${beadDependencies.beadId} in (select bead_id from issues where state in ('open', 'in_progress', 'in_review'))`,
    )
    .orderBy(asc(beads.id))
    .prepare();
  return () => groupBy(rows.all(), (row) => row.beadId);
}

function prepareConvoys(db: Db): () => Snapshot["convoys"] {
  const rows = db
    .select({ id: convoys.beadId, title: beads.title })
    .from(convoys)
    .innerJoin(beads, eq(beads.id, convoys.beadId))
    .where(eq(convoys.state, "active"))
    .orderBy(asc(convoys.beadId))
    .prepare();
  const memberRows = db
    .select({
      convoyId: issues.convoyId,
      id: issues.beadId,
      status: beads.status,
      outcome: issues.outcome,
    })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .where(sql`${issues.convoyId} in (select bead_id from convoys where state = 'active')`)
    .prepare();
  return () => {
    const members = groupBy(memberRows.all(), (row) => row.convoyId ?? "");
    return rows.all().map((convoy) => ({ ...convoy, members: members.get(convoy.id) ?? [] }));
  };
}

function prepareRuns(
  db: Db,
): (live: Live) => Pick<Snapshot, "rigs" | "runners" | "runs" | "turns"> {
  const rigRows = db
    .select()
    .from(rigs)
    .where(isNull(rigs.removedAt))
    .orderBy(asc(rigs.id))
    .prepare();
  const runnerRows = db.select().from(runners).orderBy(asc(runners.id)).prepare();
  const runRows = db
    .select()
    .from(runs)
    .where(or(ne(runs.state, "ended"), isNull(runs.settledAt)))
    .orderBy(asc(runs.id))
    .prepare();
  const turnRows = db
    .select()
    .from(turns)
    .where(inArray(turns.state, ["pending", "running"]))
    .orderBy(asc(turns.n))
    .prepare();
  return (live) => ({
    rigs: rigRows.all(),
    runners: runnerRows.all().map((runner) => ({
      ...runner,
      online: live.lastSeen.has(runner.id),
      draining: live.draining.has(runner.id),
      lastSeenAt: live.lastSeen.get(runner.id) ?? runner.lastSeenAt,
    })),
    runs: runRows.all().map(runView),
    turns: turnRows.all().map((turn) => ({
      ...turn,
      state: turn.state === "running" ? "running" : "pending",
    })),
  });
}

function modelView(db: Db, live: Live): Pick<Snapshot, "modelMissing" | "models"> {
  const stored = readStoredModel(db);
  const name = (role: "mayor" | "polecat" | "refinery") => (stored ? modelFor(stored, role) : "");
  return {
    modelMissing: missingModel(readModelSettings(db, live.secrets)),
    models: {
      mayor: name("mayor"),
      polecat: name("polecat"),
      refinery: name("refinery"),
      small: stored?.smallModel ?? "",
      scripted: stored?.provider === "scripted",
    },
  };
}

function issueView(
  { bead, issue }: { bead: typeof beads.$inferSelect; issue: typeof issues.$inferSelect },
  blockers: readonly BlockerView[],
): IssueView {
  return {
    ...issue,
    id: bead.id,
    title: bead.title,
    body: bead.body,
    rigId: bead.rigId ?? "",
    priority: bead.priority,
    saved:
      issue.savedRef && issue.savedOid
        ? { ref: issue.savedRef, oid: issue.savedOid, baseOid: issue.savedBaseOid }
        : null,
    blockers,
  };
}

function reviewView(
  review: typeof reviews.$inferSelect,
  rigId: string | null,
  latest: ReviewView["latest"],
): ReviewView {
  return { ...review, id: review.beadId, rigId: rigId ?? "", latest };
}

function runView(run: typeof runs.$inferSelect): RunView {
  return {
    ...run,
    progressed: run.progressAt !== null,
    wallMs: run.spec.limits.wallMs,
    saved: run.savedRef && run.savedOid ? { ref: run.savedRef, oid: run.savedOid } : null,
  };
}

function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}
