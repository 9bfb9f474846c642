/** What a decision needs: the subjects in focus, what their rules read of others, and what waits first for capacity. */
import { and, asc, eq, inArray, isNotNull, isNull, sql, type SQL } from "drizzle-orm";
import type { IdKind, Role } from "../../protocol/index.ts";
import { Capacity } from "../reconcile/capacity.ts";
import { TOWN } from "../reconcile/concerns.ts";
import { laneOf, sessionResource } from "../reconcile/context.ts";
import { gateOf } from "../reconcile/gates.ts";
import type { EscalationView, MailView, QuestionView } from "../reconcile/attention.ts";
import type {
  AgentView,
  ConvoyView,
  IssueView,
  MoleculeView,
  ReviewView,
  RigView,
  RunView,
  Snapshot,
  TrashView,
} from "../reconcile/snapshot.ts";
import { NEED, STAGE, type Need } from "../reconcile/stages.ts";
import type { Db } from "./database.ts";
import { kindOfId } from "./id-kind.ts";
import { issues, ready } from "./schema/beads.ts";
import { rigs, runners, runs, sessions, turns } from "./schema/runs.ts";
import { town } from "./schema/town.ts";
import {
  missingModel,
  modelFor,
  readModelSettings,
  readStoredModel,
  type SecretReader,
} from "./settings.ts";
import { readLimits, type Limits } from "./limits/limits.ts";
import type { Policies } from "./limits/policies.ts";
import type { Author } from "../model/authorship/author.ts";
import { readAuthors } from "./limits/authors.ts";
import { readPrograms } from "./limits/programs.ts";
import { usesFallback } from "../model/provider.ts";
import { TRIAGE_RESOURCE } from "../model/triage.ts";
import { prepareTriages } from "./views/attention-views.ts";
import { prepareViews, type Views } from "./views.ts";

/** What only this process knows. */
export interface Live {
  now: number;
  policies: Policies;
  secrets: SecretReader;
  observingUntil: number | null;
  hostAuthor: Author | null;
  /** Runners with a live connection. */
  online: ReadonlySet<string>;
  /** When runners were last heard, where memory knows better than their rows. */
  lastSeen: ReadonlyMap<string, number>;
}

/** A subject that is not decided about, because its rows or those that its rules read cannot be read. */
export interface Unreadable {
  id: string;
  error: unknown;
}
export type Loaded = Snapshot & { unreadable: readonly Unreadable[] };

/**
 * Loads a snapshot for subjects by id; `TOWN` among them brings what waits first for capacity into focus. What cannot be
 * read is out of focus.
 */
export function prepareSnapshot(db: Db): (live: Live, ids: Iterable<string>) => Loaded {
  const readTown = prepareTown(db);
  const readTriage = prepareTriage(db);
  const readHeads = prepareHeads(db);
  const views = prepareViews(db);
  return (live, ids) => {
    const { now, policies, observingUntil } = live;
    const policy = policies.town;
    const focus = new Set(ids);
    const limits = readLimits(db, now, policy);
    const town = {
      now,
      policy,
      policies: policies.rigs,
      authors: { chosen: readAuthors(db), host: live.hostAuthor },
      focus,
      observingUntil: observingUntil !== null && observingUntil > now ? observingUntil : null,
      ...limits,
      ...readTriage(),
      ...modelView(db, live, limits),
      ...readTown(live),
      issues: [],
      reviews: [],
      convoys: [],
      molecules: [],
      agents: [],
      runs: [],
      escalations: [],
      questions: [],
      mails: [],
    };
    if (focus.has(TOWN)) {
      for (const id of readHeads(town)) focus.add(id);
      for (const turn of town.turns) focus.add(turn.id);
      for (const request of town.triages) focus.add(request.id);
    }
    return { ...town, ...gather(views, town) };
  };
}

type Town = Pick<
  Snapshot,
  | "now"
  | "policy"
  | "policies"
  | "authors"
  | "observingUntil"
  | "modelMissing"
  | "models"
  | "programs"
  | "fallback"
> &
  Limits &
  Pick<
    Snapshot,
    "rigs" | "trash" | "runners" | "turns" | "awaited" | "held" | "triages" | "triageRest"
  >;

function prepareTriage(db: Db): () => Pick<Snapshot, "triages" | "triageRest"> {
  const triages = prepareTriages(db);
  const rest = db
    .select({ failures: town.triageFailures, untilAt: town.triageUntilAt })
    .from(town)
    .limit(1)
    .prepare();
  return () => ({
    triages: triages(),
    triageRest: rest.get() ?? { failures: 0, untilAt: null },
  });
}

function prepareTown(
  db: Db,
): (live: Live) => Pick<Snapshot, "rigs" | "trash" | "runners" | "turns" | "awaited" | "held"> {
  const trashRows = prepareTrash(db);
  const hasRuns = prepareHasRuns(db);
  const rigRows = db
    .select()
    .from(rigs)
    .where(isNull(rigs.removedAt))
    .orderBy(asc(rigs.id))
    .prepare();
  const runnerRows = db.select().from(runners).orderBy(asc(runners.id)).prepare();
  const turnRows = db
    .select()
    .from(turns)
    .where(inArray(turns.state, ["pending", "running"]))
    .orderBy(asc(turns.n))
    .prepare();
  const awaitedRows = db
    .select({ sessionId: sessions.id, at: sessions.awaitedAt })
    .from(sessions)
    .where(isNotNull(sessions.awaitedAt))
    .prepare();
  const heldRows = db
    .select({
      runnerId: runs.runnerId,
      kind: runs.kind,
      rigId: runs.rigId,
      count: sql<number>`count(*)`,
    })
    .from(runs)
    .where(sql`${runs.state} <> 'ended'`)
    .groupBy(runs.runnerId, runs.kind, runs.rigId)
    .prepare();
  return (live) => ({
    rigs: rigRows.all().map((rig) => ({
      ...rig,
      hasRuns: rig.deletion !== null && hasRuns(rig.id),
    })),
    trash: trashRows(),
    runners: runnerRows.all().map((runner) => ({
      ...runner,
      online: live.online.has(runner.id),
      lastSeenAt: Math.max(live.lastSeen.get(runner.id) ?? 0, runner.lastSeenAt),
    })),
    turns: turnRows.all().map((turn) => ({
      ...turn,
      state: turn.state === "running" ? "running" : "pending",
    })),
    awaited: awaitedRows
      .all()
      .flatMap(({ sessionId, at }) => (at === null ? [] : [{ sessionId, at }])),
    held: heldRows.all(),
  });
}

/** Rigs in the trash, by id. */
function prepareTrash(db: Db): () => TrashView[] {
  const rows = db
    .select({ id: rigs.id, removedAt: rigs.removedAt })
    .from(rigs)
    .where(isNotNull(rigs.removedAt))
    .orderBy(asc(rigs.id))
    .prepare();
  return () => rows.all().map(({ id, removedAt }) => ({ id, removedAt: removedAt ?? 0 }));
}

function prepareHasRuns(db: Db): (rigId: string) => boolean {
  const row = db
    .select({ id: runs.id })
    .from(runs)
    .where(and(isNull(runs.settledAt), eq(runs.rigId, sql.placeholder("rigId"))))
    .limit(1)
    .prepare();
  return (rigId) => row.get({ rigId }) !== undefined;
}

/** The first of the ready index, as many as could be placed now. */
function prepareHeads(db: Db): (town: Town & Snapshot) => string[] {
  const [stage, rigId, limit] = ["stage", "rigId", "limit"].map((name) => sql.placeholder(name));
  const ofQueue = and(eq(ready.stage, stage as never), eq(ready.rigId, rigId as never));
  const ofRig = db
    .select({ id: ready.subjectId })
    .from(ready)
    .where(ofQueue)
    .orderBy(asc(ready.rank), asc(ready.age))
    .limit(limit as never)
    .prepare();
  const lanes = db
    .selectDistinct({ resource: ready.resource })
    .from(ready)
    .where(eq(ready.stage, STAGE.merge))
    .prepare();
  const ofLane = db
    .select({ id: ready.subjectId })
    .from(ready)
    .where(and(eq(ready.stage, STAGE.merge), eq(ready.resource, sql.placeholder("resource"))))
    .orderBy(asc(ready.rank), asc(ready.age))
    .limit(1)
    .prepare();
  const soundOfRig = db
    .select({ id: ready.subjectId })
    .from(ready)
    .innerJoin(issues, eq(issues.beadId, ready.subjectId))
    .where(and(ofQueue, eq(issues.startFailures, 0), eq(issues.stalls, 0)))
    .orderBy(asc(ready.rank), asc(ready.age))
    .limit(limit as never)
    .prepare();
  const queues = prepareQueues(db);
  return (town) => {
    const isTried = town.breaker.state === "half_open";
    const capacity = new Capacity(town);
    const heads = lanes.all().flatMap(({ resource }) => ofLane.all({ resource }));
    const rigOf = new Map(town.rigs.map((rig) => [rig.id, rig]));
    for (const at of queues.all()) {
      const rig = rigOf.get(at.rigId);
      const need = QUEUED[at.stage];
      if (!rig || !need || gateOf(rig, need, town) !== null) continue;
      const room = capacity.room(need, rig);
      if (room <= 0) continue;
      // A half-open breaker is tried by a bead that does not fail: those that do, or did lately, may be the first ones.
      const limit = room + (isTried ? town.breaker.recent.length : 0);
      heads.push(...ofRig.all({ ...at, limit }));
      if (isTried) heads.push(...soundOfRig.all({ ...at, limit }));
    }
    return heads.map((head) => head.id);
  };
}

/** Stages whose queues are those of rigs, with what their runs take; merges wait in lanes. */
const QUEUED: Readonly<Record<number, Need>> = {
  [STAGE.review]: NEED.review,
  [STAGE.check]: NEED.check,
  [STAGE.work]: NEED.work,
};

interface Queue {
  stage: number;
  rigId: string;
}

/** From queue to queue: most rigs have none, and `distinct` would read every entry. */
function prepareQueues(db: Db): { all(): Queue[] } {
  const first = (after: SQL) =>
    sql`(select min(${ready.rigId}) from ${ready} where ${ready.stage} = queue.stage ${after})`;
  return db
    .select({ stage: sql<number>`stage`, rigId: sql<string>`rig_id` })
    .from(
      sql`(with recursive each(stage) as (values (${sql.raw(`${STAGE.review}), (${STAGE.check}), (${STAGE.work}`)})),
        found(stage, rig_id) as (
          select stage, ${first(sql``)} from each as queue
          union all
          select stage, ${first(sql`and ${ready.rigId} > queue.rig_id`)} from found as queue where queue.rig_id is not null
        ) select stage, rig_id from found where rig_id is not null)`,
    )
    .prepare();
}

type Gathered = Pick<
  Snapshot,
  | "issues"
  | "reviews"
  | "convoys"
  | "molecules"
  | "agents"
  | "runs"
  | "escalations"
  | "questions"
  | "mails"
>;
type Focused = Omit<Snapshot, "focus"> & { focus: Set<string> };

/**
 * Reads what is in focus, and of the rest what its rules read: see server/reconcile/classify.ts. What cannot be read leaves
 * the focus.
 */
function gather(views: Views, town: Focused): Gathered & Pick<Loaded, "unreadable"> {
  const found = new Gathering(views);
  const unreadable: Unreadable[] = [];
  for (const id of [...town.focus]) {
    try {
      found.subject(kindOfId(id), id);
    } catch (error) {
      unreadable.push({ id, error });
      town.focus.delete(id);
    }
  }
  for (const turn of town.turns) {
    if (turn.runId !== null) found.run(turn.runId);
    found.resource(sessionResource(turn.sessionId));
  }
  if (town.focus.has(TOWN)) {
    found.allLanes();
    found.resource(TRIAGE_RESOURCE);
  }
  found.lanes(town.rigs);
  return { ...found.all(), unreadable };
}

class Gathering {
  readonly #views: Views;
  #issues = new Map<string, IssueView | null>();
  #reviews = new Map<string, ReviewView | null>();
  #convoys = new Map<string, ConvoyView | null>();
  #molecules = new Map<string, MoleculeView | null>();
  #agents = new Map<string, AgentView | null>();
  #runs = new Map<string, RunView | null>();
  #escalations = new Map<string, EscalationView | null>();
  #questions = new Map<string, QuestionView | null>();
  #mails = new Map<string, MailView | null>();

  constructor(views: Views) {
    this.#views = views;
  }

  subject(kind: IdKind | null, id: string): void {
    if (kind === "issue") this.#subjectIssue(id);
    else if (kind === "review") this.#subjectReview(id);
    else if (kind === "run") this.#subjectRun(id);
    else if (kind === "convoy") read(this.#convoys, id, this.#views.convoy);
    else if (kind === "molecule") read(this.#molecules, id, this.#views.molecule);
    else if (kind === "agent") read(this.#agents, id, this.#views.agent);
    else if (kind === "mail") read(this.#mails, id, this.#views.mail);
    else if (kind === "question") this.#subjectQuestion(id);
    else if (kind === "escalation") read(this.#escalations, id, this.#views.escalation);
  }

  run(id: string): RunView | null {
    return read(this.#runs, id, this.#views.run);
  }

  resource(resource: string): void {
    for (const run of this.#views.unsettledOf(resource)) this.#runs.set(run.id, run);
  }

  /** What holds any lane. */
  allLanes(): void {
    for (const run of this.#views.unsettledOfLanes()) this.#runs.set(run.id, run);
  }

  /** What holds the lanes in which reviews of this snapshot would land. */
  lanes(rigs: readonly RigView[]): void {
    for (const review of this.#reviews.values()) {
      const issue = review && this.#issues.get(review.subjectId);
      const rig = review && rigs.find(({ id }) => id === review.rigId);
      if (issue && rig && issue.convoyBranch !== null) this.resource(laneOf(issue, rig));
    }
  }

  all(): Gathered {
    return {
      issues: present(this.#issues),
      reviews: present(this.#reviews),
      convoys: present(this.#convoys),
      molecules: present(this.#molecules),
      agents: present(this.#agents),
      runs: present(this.#runs),
      escalations: present(this.#escalations),
      questions: present(this.#questions),
      mails: present(this.#mails),
    };
  }

  #issue(id: string): IssueView | null {
    return read(this.#issues, id, this.#views.issue);
  }

  #review(id: string): ReviewView | null {
    const review = read(this.#reviews, id, this.#views.review);
    if (review) this.#issue(review.subjectId);
    return review;
  }

  #subjectIssue(id: string): void {
    const issue = this.#issue(id);
    if (!issue) return;
    this.resource(`bead:${id}`);
    if (issue.reviewId !== null) this.#review(issue.reviewId);
  }

  #subjectQuestion(id: string): void {
    const question = read(this.#questions, id, this.#views.question);
    if (question) this.run(question.runId);
  }

  #subjectReview(id: string): void {
    const review = this.#review(id);
    if (!review) return;
    this.resource(`bead:${review.subjectId}`);
    for (const run of this.#views.unsettledOfReview(id)) this.#runs.set(run.id, run);
  }

  #subjectRun(id: string): void {
    const run = this.run(id);
    if (!run) return;
    if (run.beadId !== null) {
      const issue = this.#issue(run.beadId);
      if (issue?.reviewId) this.#review(issue.reviewId);
    }
    if (run.reviewId !== null) this.#review(run.reviewId);
  }
}

function read<T>(
  into: Map<string, T | null>,
  id: string,
  view: (id: string) => T | null,
): T | null {
  const known = into.get(id);
  if (known !== undefined) return known;
  const found = view(id);
  into.set(id, found);
  return found;
}

/** In the order of their ids: the same state gives the same plan. */
function present<T extends { id: string }>(found: ReadonlyMap<string, T | null>): T[] {
  return [...found.values()]
    .filter((view): view is T => view !== null)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

function modelView(
  db: Db,
  live: Live,
  { providers }: Limits,
): Pick<Snapshot, "modelMissing" | "models" | "programs" | "fallback"> {
  const stored = readStoredModel(db);
  const instead = stored?.fallbackModel ?? null;
  const fallback = usesFallback(providers.get("agents"), instead, live.now);
  const mayors = usesFallback(providers.get("mayor"), instead, live.now);
  const name = (role: Role, isInstead: boolean) =>
    (isInstead ? instead : stored && modelFor(stored, role)) ?? "";
  return {
    modelMissing: missingModel(readModelSettings(db, live.secrets, stored)),
    fallback,
    programs: readPrograms(db),
    models: {
      mayor: name("mayor", mayors),
      polecat: name("polecat", fallback),
      refinery: name("refinery", fallback),
      triage: name("triage", fallback),
      small: (fallback ? instead : stored?.smallModel) ?? "",
      scripted: stored?.provider === "scripted",
    },
  };
}
