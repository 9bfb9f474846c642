/** Reads of single entities as the rules see them. Prepared once: they run in every round of a tick. */
import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import type { Proof } from "../../protocol/index.ts";
import type { ConvoyState } from "../model/convoy-states.ts";
import type {
  AgentView,
  BlockerView,
  ConvoyView,
  IssueView,
  MoleculeView,
  ReviewView,
  RunView,
} from "../reconcile/snapshot.ts";
import { STAGE, type Ready, type Stage } from "../reconcile/stages.ts";
import {
  prepareAsked,
  prepareAttentionViews,
  type AttentionViews,
} from "./views/attention-views.ts";
import { prepareAgent } from "./views/agent-views.ts";
import { moleculeOf, prepareMolecule } from "./views/molecule-views.ts";
import type { Db } from "./database.ts";
import { given } from "./prepared.ts";
import { readCost } from "./limits/costs.ts";
import {
  beadDependencies,
  beads,
  convoys,
  issues,
  ready,
  reviews,
  rounds,
} from "./schema/beads.ts";
import { runs } from "./schema/runs.ts";
import { notInTrash } from "./trash/in-trash.ts";

const id = sql.placeholder("id");

export interface Views extends AttentionViews {
  /** Null when it is settled for good: no rule decides about it any more. */
  issue: (id: string) => IssueView | null;
  review: (id: string) => ReviewView | null;
  run: (id: string) => RunView | null;
  convoy: (id: string) => ConvoyView | null;
  molecule: (id: string) => MoleculeView | null;
  agent: (id: string) => AgentView | null;
  /** Runs that live or wait for their consequences, in any order. */
  unsettledOf: (resource: string) => RunView[];
  unsettledOfReview: (reviewId: string) => RunView[];
  unsettledOfLanes: () => RunView[];
}

export function prepareViews(db: Db): Views {
  return {
    issue: prepareIssue(db),
    review: prepareReview(db),
    convoy: prepareConvoy(db),
    molecule: prepareMolecule(db),
    agent: prepareAgent(db),
    ...prepareRuns(db),
    ...prepareAttentionViews(db),
  };
}

const LIVE = new Set(["open", "in_progress", "in_review"]);

function prepareIssueRow(db: Db) {
  return db
    .select({
      bead: beads,
      issue: issues,
      queued: ready,
      // By its first column it is known whether there is one.
      saver: { runnerId: runs.runnerId, remoteOid: runs.savedRemoteOid, lines: runs.savedLines },
    })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .leftJoin(ready, eq(ready.subjectId, issues.beadId))
    .leftJoin(runs, eq(runs.id, issues.savedRunId))
    .where(and(eq(issues.beadId, id), notInTrash(beads.rigId)))
    .prepare();
}

function prepareIssue(db: Db): Views["issue"] {
  const row = prepareIssueRow(db);
  const convoyRow = db
    .select({ title: beads.title, state: convoys.state, branch: convoys.branch })
    .from(convoys)
    .innerJoin(beads, eq(beads.id, convoys.beadId))
    .where(eq(convoys.beadId, id))
    .prepare();
  const blockers = db
    .select({
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
    .where(and(eq(beadDependencies.beadId, id), eq(beadDependencies.type, "blocks")))
    .orderBy(asc(beads.id))
    .prepare();
  const asked = prepareAsked(db);
  const landedThere = db
    .select({ landedOid: issues.landedOid, proof: reviews.proof })
    .from(issues)
    .leftJoin(reviews, eq(reviews.beadId, issues.reviewId))
    .where(
      and(
        eq(issues.convoyId, given("convoyId")),
        eq(issues.landing, false),
        eq(issues.landedOn, given("ref")),
      ),
    )
    .orderBy(asc(issues.landingN))
    .prepare();
  const carriesOf = (convoyId: string | null, branch: string | null | undefined) => {
    if (convoyId === null || typeof branch !== "string") return [];
    const there = landedThere.all({ convoyId, ref: `refs/heads/${branch}` });
    const merges = there.map(({ landedOid }) => landedOid);
    return [...merges, ...there.slice(-1).map(tipOidOf)].filter((oid) => oid !== null);
  };
  return (beadId) => {
    const found = row.get({ id: beadId });
    if (!found || !LIVE.has(found.issue.state)) return null;
    const { convoyId } = found.issue;
    const convoy = convoyId === null ? undefined : convoyRow.get({ id: convoyId });
    const { moleculeId } = found.issue;
    const molecule = moleculeId === null ? null : moleculeOf(db, moleculeId);
    const view = issueView(found, { convoy, molecule }, blockers.all({ id: beadId }));
    return {
      ...view,
      carries: view.landing ? carriesOf(convoyId, convoy?.branch) : [],
      asked: asked(beadId),
      spent: readCost(db, beadId),
      convoySpent: convoyId === null ? null : readCost(db, convoyId),
    };
  };
}

/** What the bead belongs to. */
interface Group {
  convoy: { title: string; state: ConvoyState; branch: string | null } | undefined;
  molecule: ReturnType<typeof moleculeOf>;
}

function issueView(
  row: {
    bead: typeof beads.$inferSelect;
    issue: typeof issues.$inferSelect;
    queued: typeof ready.$inferSelect | null;
    /** Of the run that saved its work last. */
    saver: { remoteOid: string | null; runnerId: string; lines: number } | null;
  },
  { convoy, molecule }: Group,
  blockers: readonly BlockerView[],
): Omit<IssueView, "asked" | "spent" | "convoySpent" | "carries"> {
  const { bead, issue, queued, saver } = row;
  return {
    ...issue,
    id: bead.id,
    title: bead.title,
    body: bead.body,
    rigId: bead.rigId ?? "",
    priority: bead.priority,
    queued: readyView(queued),
    convoyTitle: convoy?.title ?? null,
    convoyBranch: convoy?.branch ?? null,
    staged: convoy?.state === "staged" || molecule?.staged === true,
    molecule: molecule && { title: molecule.title, step: issue.step ?? 0, of: molecule.of },
    held: bead.held,
    archived: bead.archivedAt !== null,
    saved:
      issue.savedRef && issue.savedOid
        ? {
            ...{ ref: issue.savedRef, oid: issue.savedOid, baseOid: issue.savedBaseOid },
            ...(saver ?? { remoteOid: null, runnerId: null, lines: 0 }),
          }
        : null,
    blockers,
  };
}

const STAGE_NAMES = new Map<number, Stage>(
  Object.entries(STAGE).map(([name, n]) => [n, name as Stage]),
);

function readyView(row: typeof ready.$inferSelect | null): Ready | null {
  const stage = row === null ? undefined : STAGE_NAMES.get(row.stage);
  return row === null || stage === undefined ? null : { ...row, stage };
}

function prepareReview(db: Db): Views["review"] {
  const row = db
    .select({ review: reviews, rigId: beads.rigId, queued: ready })
    .from(reviews)
    .innerJoin(beads, eq(beads.id, reviews.beadId))
    .leftJoin(ready, eq(ready.subjectId, reviews.beadId))
    .where(and(eq(reviews.beadId, id), notInTrash(beads.rigId)))
    .prepare();
  const latest = db
    .select({ record: rounds.record })
    .from(rounds)
    .where(eq(rounds.reviewId, id))
    .orderBy(sql`${rounds.round} desc`)
    .limit(1)
    .prepare();
  return (reviewId) => {
    const found = row.get({ id: reviewId });
    if (!found || ["merged", "withdrawn"].includes(found.review.state)) return null;
    return {
      ...found.review,
      id: reviewId,
      rigId: found.rigId ?? "",
      queued: readyView(found.queued),
      latest: latest.get({ id: reviewId })?.record ?? null,
    };
  };
}

function prepareRuns(
  db: Db,
): Pick<Views, "run" | "unsettledOf" | "unsettledOfReview" | "unsettledOfLanes"> {
  const one = db
    .select()
    .from(runs)
    // Of a tree that could not be saved people are told even when its run was given up before.
    .where(and(eq(runs.id, id), or(isNull(runs.settledAt), eq(runs.keptTold, false))))
    .prepare();
  const ofResource = db
    .select()
    .from(runs)
    .where(and(eq(runs.resource, id), isNull(runs.settledAt)))
    .prepare();
  const ofLanes = db
    .select()
    .from(runs)
    // Every name that begins with `lane:`, and no other.
    .where(
      sql`${runs.resource} > 'lane:' and ${runs.resource} < 'lane;' and ${runs.settledAt} is null`,
    )
    .orderBy(asc(runs.id))
    .prepare();
  const ofReview = db
    .select()
    .from(runs)
    .where(and(eq(runs.reviewId, id), isNull(runs.settledAt)))
    .prepare();
  return {
    run: (runId) => {
      const row = one.get({ id: runId });
      return row ? runView(row) : null;
    },
    unsettledOf: (resource) => ofResource.all({ id: resource }).map(runView),
    unsettledOfReview: (reviewId) => ofReview.all({ id: reviewId }).map(runView),
    unsettledOfLanes: () => ofLanes.all().map(runView),
  };
}

function runView(run: typeof runs.$inferSelect): RunView {
  return {
    ...run,
    progressed: run.progressAt !== null,
    wallMs: run.spec.limits.wallMs,
    spent: {
      microUsd: run.costMicroUsd,
      tokens:
        run.inputTokens +
        run.outputTokens +
        run.reasoningTokens +
        run.cacheReadTokens +
        run.cacheWriteTokens,
      warned: false,
      own: null,
    },
    handed: run.spec.kind === "work" && Boolean(run.spec.handed),
    withdraws: run.spec.kind === "merge" && run.spec.purpose === "withdraw",
    holdsKey: run.agentId !== null && !run.relayed,
    judges: run.spec.kind === "baseline" ? run.spec.rig : null,
    kept: run.keptTold ? null : run.kept,
    saved: run.savedRef && run.savedOid ? { ref: run.savedRef, oid: run.savedOid } : null,
  };
}

/** What the ref held when a landing on it was proven. */
function tipOidOf(landed: { proof: Proof | null; landedOid: string | null }): string | null {
  return landed.proof?.targetOid ?? landed.landedOid;
}

function prepareConvoy(db: Db): Views["convoy"] {
  const row = db
    .select({
      title: beads.title,
      rigId: beads.rigId,
      state: convoys.state,
      branch: convoys.branch,
    })
    .from(convoys)
    .innerJoin(beads, eq(beads.id, convoys.beadId))
    .where(and(eq(convoys.beadId, id), notInTrash(beads.rigId)))
    .prepare();
  const members = db
    .select({
      id: issues.beadId,
      status: beads.status,
      outcome: issues.outcome,
      landing: issues.landing,
      headOid: issues.headOid,
      baseOid: issues.baseOid,
      landedOn: issues.landedOn,
      landedOid: issues.landedOid,
      landingN: issues.landingN,
      proof: reviews.proof,
    })
    .from(issues)
    .innerJoin(beads, eq(beads.id, issues.beadId))
    .leftJoin(reviews, eq(reviews.beadId, issues.reviewId))
    .where(eq(issues.convoyId, id))
    .orderBy(asc(issues.beadId))
    .prepare();
  return (convoyId) => {
    const found = row.get({ id: convoyId });
    if (!found) return null;
    const { title, rigId, state, branch } = found;
    if (state !== "active" && state !== "landing") return null;
    const of = members.all({ id: convoyId }).map(({ proof, landedOid, ...member }) => ({
      ...member,
      tipOid: tipOidOf({ proof, landedOid }),
    }));
    return { id: convoyId, title, rigId, state, branch, members: of };
  };
}
