/** Finds the subjects that a change concerns: the store's side of server/reconcile/concerns.ts. */
import { and, asc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { ImageKind } from "../../protocol/index.ts";
import { CONCERNS, TOWN, type Via } from "../reconcile/concerns.ts";
import type { Db } from "./database.ts";
import { given, prepared } from "./prepared.ts";
import { valueAt } from "./rows.ts";
import { escalations, mails, questions, triageRequests } from "./schema/attention.ts";
import { agents, beadDependencies, issues, reviews } from "./schema/beads.ts";
import { runs, turns } from "./schema/runs.ts";

/** @returns what adds the subjects concerned by the change of (kind, id) to `into` */
export function prepareConcerned(
  db: Db,
): (kind: ImageKind, id: string, into: Set<string>, rigs: Set<string>) => void {
  const find = prepareWays(db);
  return (kind, id, into, rigs) => {
    const changed = new Changed(db, id);
    for (const via of CONCERNS[kind]) {
      if (via === "itself") into.add(id);
      else if (via === "town") into.add(TOWN);
      // All turns that are not done are always in the snapshot, and in focus with the town.
      else if (via === "turns") into.add(TOWN);
      else if (via === "open beads of the rig") rigs.add(id);
      else for (const found of find[via](changed)) if (found !== null) into.add(found);
    }
  };
}

const issueRow = prepared((db) =>
  db
    .select({
      reviewId: issues.reviewId,
      convoyId: issues.convoyId,
      moleculeId: issues.moleculeId,
      wishedAgentId: issues.wishedAgentId,
    })
    .from(issues)
    .where(eq(issues.beadId, given("id")))
    .prepare(),
);
const runRow = prepared((db) =>
  db
    .select({
      kind: runs.kind,
      beadId: runs.beadId,
      reviewId: runs.reviewId,
      runnerId: runs.runnerId,
      rigId: runs.rigId,
      agentId: runs.agentId,
      state: runs.state,
    })
    .from(runs)
    .where(eq(runs.id, given("id")))
    .prepare(),
);

/** What changed, with the row that several ways begin at: it is read once. */
class Changed {
  readonly id: string;
  readonly #db: Db;
  #issue: ReturnType<ReturnType<typeof issueRow>["get"]> | null = null;
  #run: ReturnType<ReturnType<typeof runRow>["get"]> | null = null;

  constructor(db: Db, id: string) {
    this.#db = db;
    this.id = id;
  }

  get issue() {
    if (this.#issue === null) this.#issue = issueRow(this.#db).get({ id: this.id });
    return this.#issue;
  }

  get run() {
    if (this.#run === null) this.#run = runRow(this.#db).get({ id: this.id });
    return this.#run;
  }
}

type Ways = Readonly<
  Record<
    Exclude<Via, "itself" | "town" | "turns" | "open beads of the rig">,
    (changed: Changed) => (string | null)[]
  >
>;

const openOfConvoy = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    // Not by the index of states, here and below: it would read every open bead.
    .where(and(eq(issues.convoyId, given("id")), sql`+${issues.state} = 'open'`))
    .prepare(),
);

/** What waits for that runner, or did. */
const withSaved = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    .innerJoin(runs, eq(runs.id, issues.savedRunId))
    .where(
      and(
        // In the words of the partial index.
        sql`${issues.state} = 'open' and ${issues.savedRunId} is not null`,
        eq(runs.runnerId, given("id")),
        sql`${runs.savedRemoteOid} is not ${runs.savedOid}`,
      ),
    )
    .prepare(),
);

const givenTo = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    .where(
      and(
        // In the words of the partial index.
        sql`${issues.taken} is not null`,
        sql`json_extract(${issues.taken}, '$.given.runnerId') = ${given("id")}`,
      ),
    )
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
  const id = given("id");
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
  const dependents = db
    .select({ id: beadDependencies.beadId })
    .from(beadDependencies)
    .innerJoin(issues, eq(issues.beadId, beadDependencies.beadId))
    .where(
      and(
        eq(beadDependencies.onId, id),
        eq(beadDependencies.type, "blocks"),
        sql`+${issues.state} = 'open'`,
      ),
    )
    .prepare();
  return {
    "review of the bead": ({ issue }) => [issue?.reviewId ?? null],
    "molecule of the bead": ({ issue }) => [issue?.moleculeId ?? null],
    "open steps of the molecule": (it) => ids(openOfMolecule(db).all({ id: it.id })),
    "agent that the bead wishes for": ({ issue }) => [issue?.wishedAgentId ?? null],
    "agent of the mail": (it) => [mailTo(db).get({ id: it.id })?.id ?? null],
    "convoy of the bead": ({ issue }) => [issue?.convoyId ?? null],
    "open beads of the convoy": (it) => ids(openOfConvoy(db).all({ id: it.id })),
    "unsettled runs of the bead": (it) => ids(ofBead.all({ id: it.id })),
    "beads that wait for the bead": (it) => ids(dependents.all({ id: it.id })),
    "escalations about it": (it) => ids(escalationsAbout(db).all({ id: it.id })),
    "open questions of the bead": (it) => ids(openQuestions(db).all({ id: it.id })),
    "bead of the question": (it) => [valueAt(db, questions.workBeadId, it.id) ?? null],
    "requests about it": (it) => ids(requestsAbout(db).all({ id: it.id })),
    "run of the request": (it) => [valueAt(db, triageRequests.runId, it.id) ?? null],
    "escalations that wait for triage": () => ids(waitForTriage(db).all()),
    "run of the turn": (it) => [valueAt(db, turns.runId, it.id) ?? null],
    "mail of the run": (it) => mailOfRun(db, it),
    "bead of the review": (it) => [valueAt(db, reviews.subjectId, it.id) ?? null],
    "unsettled runs of the review": (it) => ids(ofReview.all({ id: it.id })),
    "bead of the run": ({ run }) => [run?.beadId ?? null],
    "review of the run": ({ run }) => [run?.reviewId ?? null],
    "runner of the run": ({ run }) => [run?.runnerId ?? null],
    "rig of the run": ({ run }) => [run?.rigId ?? null],
    "open beads whose work the runner has": (it) => workOn(db, it.id),
    "open beads whose work its runner has": ({ run }) =>
      // Only its end makes room.
      run?.state === "ended" ? workOn(db, run.runnerId) : [],
    "live runs of the runner": (it) => ids(ofRunner.all({ id: it.id })),
  };
}

/** Saved by agents, or given back by people. */
function workOn(db: Db, id: string): string[] {
  return [...ids(withSaved(db).all({ id })), ...ids(givenTo(db).all({ id }))];
}

const ids = (rows: readonly { id: string }[]) => rows.map((row) => row.id);

const escalationsAbout = prepared((db) =>
  db
    .select({ id: escalations.beadId })
    .from(escalations)
    .where(and(eq(escalations.subjectId, given("id")), isNull(escalations.resolvedAt)))
    .prepare(),
);
const requestsAbout = prepared((db) =>
  db
    .select({ id: triageRequests.beadId })
    .from(triageRequests)
    .where(and(eq(triageRequests.escalationId, given("id")), eq(triageRequests.state, "open")))
    .prepare(),
);
/** More than can be asked about at once, and not so many that a storm of them is read again and again. */
const WAITING_MAX = 100;
const waitForTriage = prepared((db) =>
  db
    .select({ id: escalations.beadId })
    .from(escalations)
    .where(
      and(
        // A literal: the partial index is used only then.
        sql`ambiguous = 1`,
        isNull(escalations.resolvedAt),
        isNull(escalations.acknowledgedAt),
        sql`not exists (select 1 from ${triageRequests} where ${triageRequests.workBeadId} = ${escalations.subjectId} and ${triageRequests.state} = 'open')`,
      ),
    )
    .orderBy(asc(escalations.beadId))
    .limit(WAITING_MAX)
    .prepare(),
);
const openQuestions = prepared((db) =>
  db
    .select({ id: questions.beadId })
    .from(questions)
    .where(and(eq(questions.workBeadId, given("id")), eq(questions.state, "open")))
    .prepare(),
);
const waitingMails = prepared((db) =>
  db
    .select({ id: mails.beadId })
    .from(mails)
    .where(and(eq(mails.toId, given("id")), inArray(mails.state, ["queued", "delivered"])))
    .prepare(),
);

/** What it has, and what waits for somebody who works on its bead or as its agent. */
function mailOfRun(db: Db, { run }: Changed): string[] {
  if (run?.kind !== "work" && run?.kind !== "review") return [];
  // A message to a bead is for who works on it.
  const beadId = run.kind === "work" ? run.beadId : null;
  return [beadId, run.agentId].flatMap((id) =>
    id === null ? [] : ids(waitingMails(db).all({ id })),
  );
}
