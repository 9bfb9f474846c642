/** Finds the subjects that a change concerns: the store's side of server/reconcile/concerns.ts. */
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import type { ImageKind } from "../../protocol/index.ts";
import { CONCERNS, TOWN, type Via } from "../reconcile/concerns.ts";
import type { Db } from "./database.ts";
import { given, prepared } from "./prepared.ts";
import { escalations, mails, questions } from "./schema/attention.ts";
import { agents, beadDependencies, issues, reviews } from "./schema/beads.ts";
import { runs } from "./schema/runs.ts";

/** @returns what adds the subjects concerned by the change of (kind, id) to `into` */
export function prepareConcerned(
  db: Db,
): (kind: ImageKind, id: string, into: Set<string>, rigs: Set<string>) => void {
  const find = prepareWays(db);
  const runRow = prepareRun(db);
  return (kind, id, into, rigs) => {
    if (kind === "run")
      for (const found of Object.values(runRow(id) ?? {})) if (found !== null) into.add(found);
    for (const via of CONCERNS[kind]) {
      if (via === "itself") into.add(id);
      else if (via === "town") into.add(TOWN);
      // All turns that are not done are always in the snapshot, and in focus with the town.
      else if (via === "turns") into.add(TOWN);
      else if (via === "open beads of the rig") rigs.add(id);
      // All four in one reading, above.
      else if (isOfRun(via)) continue;
      else for (const found of find[via](id)) if (found !== null) into.add(found);
    }
  };
}

/** What a run names. */
const OF_RUN = [
  "bead of the run",
  "review of the run",
  "runner of the run",
  "rig of the run",
] as const;
type OfRun = (typeof OF_RUN)[number];

function isOfRun(via: Via): via is OfRun {
  return (OF_RUN as readonly Via[]).includes(via);
}

type Ways = Readonly<
  Record<
    Exclude<Via, "itself" | "town" | "turns" | "open beads of the rig" | OfRun>,
    (id: string) => (string | null)[]
  >
>;

const openOfConvoy = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    .where(and(eq(issues.convoyId, given("id")), eq(issues.state, "open")))
    .prepare(),
);

const mailTo = prepared((db) =>
  db
    .select({ id: agents.beadId })
    .from(mails)
    .innerJoin(agents, eq(agents.beadId, mails.toId))
    .where(eq(mails.beadId, given("id")))
    .prepare(),
);

const openOfMolecule = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    .where(and(eq(issues.moleculeId, given("id")), sql`+${issues.state} = 'open'`))
    .prepare(),
);

function prepareWays(db: Db): Ways {
  const id = sql.placeholder("id");
  const issue = db
    .select({
      reviewId: issues.reviewId,
      convoyId: issues.convoyId,
      moleculeId: issues.moleculeId,
      wishedAgentId: issues.wishedAgentId,
    })
    .from(issues)
    .where(eq(issues.beadId, id))
    .prepare();
  const review = db
    .select({ subjectId: reviews.subjectId })
    .from(reviews)
    .where(eq(reviews.beadId, id))
    .prepare();
  const ofBead = db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.beadId, id), isNull(runs.settledAt)))
    .prepare();
  const ofReview = db
    .select({ id: runs.id })
    .from(runs)
    .where(and(eq(runs.reviewId, id), isNull(runs.settledAt)))
    .prepare();
  const ofRunner = db
    .select({ id: runs.id })
    .from(runs)
    // A literal: the partial index of live runs is used only then.
    .where(and(eq(runs.runnerId, id), sql`${runs.state} <> 'ended'`))
    .prepare();
  const dependents = prepareDependents(db);
  const ids = (rows: { id: string }[]) => rows.map((row) => row.id);
  return {
    "review of the bead": (bead) => [issue.get({ id: bead })?.reviewId ?? null],
    "open beads of the convoy": (it) => ids(openOfConvoy(db).all({ id: it })),
    "molecule of the bead": (bead) => [issue.get({ id: bead })?.moleculeId ?? null],
    "agent that the bead wishes for": (bead) => [issue.get({ id: bead })?.wishedAgentId ?? null],
    "agent of the mail": (it) => [mailTo(db).get({ id: it })?.id ?? null],
    "open steps of the molecule": (it) => ids(openOfMolecule(db).all({ id: it })),
    "convoy of the bead": (bead) => [issue.get({ id: bead })?.convoyId ?? null],
    "unsettled runs of the bead": (bead) => ids(ofBead.all({ id: bead })),
    "beads that wait for the bead": (bead) => ids(dependents.all({ id: bead })),
    "escalations about it": prepareEscalationsAbout(db),
    ...prepareQuestionWays(db),
    "mail of the run": prepareMailOfRun(db),
    "bead of the review": (it) => [review.get({ id: it })?.subjectId ?? null],
    "unsettled runs of the review": (it) => ids(ofReview.all({ id: it })),
    "live runs of the runner": (it) => ids(ofRunner.all({ id: it })),
  };
}

function prepareRun(db: Db): (id: string) => Record<OfRun, string | null> | undefined {
  const row = db
    .select({
      "bead of the run": runs.beadId,
      "review of the run": runs.reviewId,
      "runner of the run": runs.runnerId,
      "rig of the run": runs.rigId,
    })
    .from(runs)
    .where(eq(runs.id, sql.placeholder("id")))
    .prepare();
  return (id) => row.get({ id });
}

function prepareDependents(db: Db) {
  return db
    .select({ id: beadDependencies.beadId })
    .from(beadDependencies)
    .innerJoin(issues, eq(issues.beadId, beadDependencies.beadId))
    .where(
      and(
        eq(beadDependencies.onId, given("id")),
        eq(beadDependencies.type, "blocks"),
        // Not by the index of states: it would read every open bead.
        sql`+${issues.state} = 'open'`,
      ),
    )
    .prepare();
}

function prepareEscalationsAbout(db: Db): (id: string) => string[] {
  const about = db
    .select({ id: escalations.beadId })
    .from(escalations)
    .where(and(eq(escalations.subjectId, sql.placeholder("id")), isNull(escalations.resolvedAt)))
    .prepare();
  return (id) => about.all({ id }).map((row) => row.id);
}

function prepareQuestionWays(
  db: Db,
): Pick<Ways, "open questions of the bead" | "bead of the question"> {
  const id = sql.placeholder("id");
  const open = db
    .select({ id: questions.beadId })
    .from(questions)
    .where(and(eq(questions.workBeadId, id), eq(questions.state, "open")))
    .prepare();
  const bead = db
    .select({ id: questions.workBeadId })
    .from(questions)
    .where(eq(questions.beadId, id))
    .prepare();
  return {
    "open questions of the bead": (it) => open.all({ id: it }).map((row) => row.id),
    "bead of the question": (it) => [bead.get({ id: it })?.id ?? null],
  };
}

/** What it has, and what waits for somebody who works on its bead or as its agent. */
function prepareMailOfRun(db: Db): (runId: string) => string[] {
  const run = db
    .select({ beadId: runs.beadId, agentId: runs.agentId, kind: runs.kind })
    .from(runs)
    .where(eq(runs.id, sql.placeholder("id")))
    .prepare();
  const waiting = db
    .select({ id: mails.beadId })
    .from(mails)
    .where(
      and(eq(mails.toId, sql.placeholder("id")), inArray(mails.state, ["queued", "delivered"])),
    )
    .prepare();
  return (runId) => {
    const found = run.get({ id: runId });
    if (found?.kind !== "work" && found?.kind !== "review") return [];
    // A message to a bead is for who works on it.
    const beadId = found.kind === "work" ? found.beadId : null;
    return [beadId, found.agentId].flatMap((id) =>
      id === null ? [] : waiting.all({ id }).map((row) => row.id),
    );
  };
}
