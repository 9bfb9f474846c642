/** Which topics hold an image, and a topic's whole state. */
import { and, asc, desc, eq, gt, inArray, isNull, ne, notInArray } from "drizzle-orm";
import { unionAll } from "drizzle-orm/sqlite-core";
import {
  SNAPSHOT_CHAT_MAX,
  SNAPSHOT_CLOSED_MAX,
  SNAPSHOT_EVENTS_MAX,
  SNAPSHOT_MAILS_MAX,
} from "../../../protocol/index.ts";
import type { AnyImage, ImageKind, Topic } from "../../../protocol/index.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { valueAt } from "../rows.ts";
import { readableImage, type ImageContext } from "./images.ts";
import {
  agents,
  beadDependencies,
  beadEvents,
  beads,
  convoys,
  issues,
  messages,
  reviews,
} from "../schema/beads.ts";
import { escalations, mails, questions, triageRequests } from "../schema/attention.ts";
import { rigs, runners, runs, turns } from "../schema/runs.ts";
import { changes, town } from "../schema/town.ts";
import { notInTrash } from "../trash/in-trash.ts";

/** What a bead depends on, and what depends on it. */
const neighbours = prepared((db) =>
  unionAll(
    db
      .select({ id: beadDependencies.onId })
      .from(beadDependencies)
      .where(eq(beadDependencies.beadId, given("id"))),
    db
      .select({ id: beadDependencies.beadId })
      .from(beadDependencies)
      .where(eq(beadDependencies.onId, given("id"))),
  ).prepare(),
);

function neighboursOf(db: Db, id: string): string[] {
  return neighbours(db)
    .all({ id })
    .map((row) => row.id);
}

/** Topics that an image belongs to, `changes` included. */
export function topicsOf(db: Db, image: AnyImage): Topic[] {
  const own = (...topics: (Topic | null)[]) => [
    ...topics.filter((topic) => topic !== null),
    "changes",
  ];
  const about = (kind: string, id: string | null) => (id ? `${kind}:${id}` : null);
  switch (image.kind) {
    case "town":
    case "rig":
    case "runner":
      return own("town");
    case "escalation":
      return own("town", `bead:${image.id}`);
    case "mail":
      return own(`bead:${image.id}`, about("bead", image.value?.toId ?? null));
    case "question":
      return own("town", `bead:${image.id}`, about("bead", image.value?.beadId ?? null));
    case "triage":
      return own("town", `bead:${image.id}`, about("bead", image.value?.beadId ?? null));
    case "issue":
      return own(
        "board",
        `bead:${image.id}`,
        ...neighboursOf(db, image.id).map((id) => `bead:${id}` as const),
        about("convoy", image.value?.convoyId ?? null),
        about("review", image.value?.reviewId ?? null),
      );
    case "convoy":
      return own("convoys", `convoy:${image.id}`, `bead:${image.id}`);
    case "molecule":
      return own(
        `bead:${image.id}`,
        ...(image.value?.steps ?? []).map((step) => `bead:${step.beadId}` as const),
      );
    case "review":
      return own(
        "reviews",
        `review:${image.id}`,
        `bead:${image.id}`,
        about("bead", image.value?.subjectId ?? null),
      );
    case "agent":
      return own(
        "agents",
        `agent:${image.id}`,
        `bead:${image.id}`,
        about("run", image.value?.runId ?? null),
      );
    case "run":
      return own(
        "agents",
        `run:${image.id}`,
        about("bead", image.value?.beadId ?? null),
        about("review", image.value?.reviewId ?? null),
        about("agent", image.value?.agentId ?? null),
      );
    case "chat":
      return own("mayor");
    case "event":
      return own("activity", about("bead", image.value?.beadId ?? null));
  }
}

/** (kind, id) pairs of a topic's state. */
function members(db: Db, topic: Topic): [ImageKind, string][] {
  const cut = topic.indexOf(":");
  if (cut > 0) return membersAbout(db, topic.slice(0, cut), topic.slice(cut + 1));
  switch (topic) {
    case "town":
      return townMembers(db);
    case "board":
      return all("issue", boardMembers(db));
    case "convoys":
      return all(
        "convoy",
        db
          .select({ id: convoys.beadId })
          .from(convoys)
          .innerJoin(beads, eq(beads.id, convoys.beadId))
          .where(and(isNull(beads.archivedAt), notInTrash(beads.rigId)))
          .orderBy(desc(convoys.beadId))
          .limit(SNAPSHOT_CLOSED_MAX)
          .all(),
      );
    case "agents":
      return agentMembers(db);
    case "reviews":
      return all(
        "review",
        db
          .select({ id: reviews.beadId })
          .from(reviews)
          .where(notInArray(reviews.state, ["merged", "withdrawn"]))
          .all(),
      );
    case "mayor":
      return chatMembers(db);
    case "activity":
      return all(
        "event",
        db
          .select({ id: beadEvents.id })
          .from(beadEvents)
          .orderBy(desc(beadEvents.at))
          .limit(SNAPSHOT_EVENTS_MAX)
          .all(),
      );
    default:
      return [];
  }
}

function townMembers(db: Db): [ImageKind, string][] {
  return [
    ...all("town", db.select({ id: town.id }).from(town).all()),
    ...all("rig", db.select({ id: rigs.id }).from(rigs).where(isNull(rigs.removedAt)).all()),
    ...all("runner", db.select({ id: runners.id }).from(runners).all()),
    ...all(
      "escalation",
      db
        .select({ id: escalations.beadId })
        .from(escalations)
        .where(isNull(escalations.resolvedAt))
        .all(),
    ),
    ...all(
      "question",
      db.select({ id: questions.beadId }).from(questions).where(eq(questions.state, "open")).all(),
    ),
    ...all(
      "triage",
      db
        .select({ id: triageRequests.beadId })
        .from(triageRequests)
        .where(eq(triageRequests.state, "open"))
        .all(),
    ),
  ];
}

function agentMembers(db: Db): [ImageKind, string][] {
  const notRetired = isNull(agents.retiredAt);
  return [
    ...all("agent", db.select({ id: agents.beadId }).from(agents).where(notRetired).all()),
    ...all("run", db.select({ id: runs.id }).from(runs).where(ne(runs.state, "ended")).all()),
  ];
}

function boardMembers(db: Db): { id: string }[] {
  const shown = (state: ReturnType<typeof eq>) =>
    db
      .select({ id: issues.beadId })
      .from(issues)
      .innerJoin(beads, eq(beads.id, issues.beadId))
      .where(and(state, isNull(beads.archivedAt), notInTrash(beads.rigId)));
  const newest = shown(eq(issues.state, "closed")).orderBy(desc(issues.stateSince));
  return [...shown(ne(issues.state, "closed")).all(), ...newest.limit(SNAPSHOT_CLOSED_MAX).all()];
}

function chatMembers(db: Db): [ImageKind, string][] {
  const recent = db
    .select({ id: turns.id })
    .from(turns)
    .orderBy(desc(turns.createdAt))
    .limit(SNAPSHOT_CHAT_MAX / 2)
    .all();
  const ids = recent.map((row) => row.id);
  const said = db
    .select({ id: messages.beadId })
    .from(messages)
    .where(inArray(messages.turnId, ids))
    .all();
  return [...all("chat", said), ...all("chat", recent)];
}

function membersAbout(db: Db, noun: string, id: string): [ImageKind, string][] {
  const issue = all(
    "issue",
    db.select({ id: issues.beadId }).from(issues).where(eq(issues.beadId, id)).all(),
  );
  switch (noun) {
    case "bead":
      return [...issue, ...aroundBead(db, id)];
    case "convoy":
      return [
        ["convoy", id],
        ...all(
          "issue",
          db.select({ id: issues.beadId }).from(issues).where(eq(issues.convoyId, id)).all(),
        ),
      ];
    case "review":
      return [
        ["review", id],
        ...all(
          "issue",
          db.select({ id: reviews.subjectId }).from(reviews).where(eq(reviews.beadId, id)).all(),
        ),
        ...all("run", db.select({ id: runs.id }).from(runs).where(eq(runs.reviewId, id)).all()),
      ];
    case "run": {
      const run = db
        .select({ agentId: runs.agentId, beadId: runs.beadId })
        .from(runs)
        .where(eq(runs.id, id))
        .get();
      return [
        ["run", id],
        ...(run?.agentId ? ([["agent", run.agentId]] as [ImageKind, string][]) : []),
        ...(run?.beadId ? ([["issue", run.beadId]] as [ImageKind, string][]) : []),
      ];
    }
    case "agent":
      return [
        ["agent", id],
        ...all(
          "run",
          db
            .select({ id: runs.id })
            .from(runs)
            .where(eq(runs.agentId, id))
            .orderBy(desc(runs.offeredAt))
            .limit(50)
            .all(),
        ),
      ];
    default:
      return [];
  }
}

function aroundBead(db: Db, id: string): [ImageKind, string][] {
  const kind = {
    cv: "convoy",
    mo: "molecule",
    mr: "review",
    ag: "agent",
    es: "escalation",
    qn: "question",
    ml: "mail",
    tr: "triage",
    ms: "chat",
  }[id.slice(0, 2)] as ImageKind | undefined;
  const molecule = valueAt(db, issues.moleculeId, id) ?? null;
  const around = neighboursOf(db, id).filter((other) => other !== molecule);
  return [
    ...(molecule ? ([["molecule", molecule]] as [ImageKind, string][]) : []),
    ...(kind ? ([[kind, id]] as [ImageKind, string][]) : []),
    ...all(
      "run",
      db
        .select({ id: runs.id })
        .from(runs)
        .where(eq(runs.beadId, id))
        .orderBy(asc(runs.offeredAt))
        .all(),
    ),
    ...all(
      "review",
      db.select({ id: reviews.beadId }).from(reviews).where(eq(reviews.subjectId, id)).all(),
    ),
    ...all(
      "event",
      db
        .select({ id: beadEvents.id })
        .from(beadEvents)
        .where(eq(beadEvents.beadId, id))
        .orderBy(desc(beadEvents.at))
        .limit(SNAPSHOT_EVENTS_MAX)
        .all(),
    ),
    ...all(
      "triage",
      db
        .select({ id: triageRequests.beadId })
        .from(triageRequests)
        .where(eq(triageRequests.workBeadId, id))
        .all(),
    ),
    ...all(
      "mail",
      db
        .select({ id: mails.beadId })
        .from(mails)
        .where(eq(mails.toId, id))
        .orderBy(desc(mails.beadId))
        .limit(SNAPSHOT_MAILS_MAX)
        .all(),
    ),
    ...around.map((other): [ImageKind, string] => ["issue", other]),
  ];
}

function all(kind: ImageKind, rows: readonly { id: string }[]): [ImageKind, string][] {
  return rows.map((row) => [kind, row.id]);
}

/** A topic's whole state, each entity once. */
export function topicItems(db: Db, topic: Topic, context: ImageContext): AnyImage[] {
  const seen = new Set<string>();
  const items: AnyImage[] = [];
  for (const [kind, id] of members(db, topic)) {
    if (seen.has(`${kind} ${id}`)) continue;
    seen.add(`${kind} ${id}`);
    const image = readableImage(db, kind, id, context);
    if (image !== null && image.value !== null) items.push(image);
  }
  return items;
}

const REPLAY_MAX = 2_000;

/**
 * What changed for a topic after a version of this epoch that is not the newest, or null when that is
 * too much or too old.
 */
export function topicChanges(
  db: Db,
  topic: Topic,
  epoch: number,
  after: number,
): AnyImage[] | null {
  const oldest = db
    .select({ version: changes.version })
    .from(changes)
    .where(eq(changes.epoch, epoch))
    .orderBy(asc(changes.version))
    .limit(1)
    .get();
  if (!oldest || after + 1 < oldest.version) return null;
  const rows = db
    .select()
    .from(changes)
    .where(and(eq(changes.epoch, epoch), gt(changes.version, after)))
    .orderBy(asc(changes.version), asc(changes.n))
    .limit(REPLAY_MAX + 1)
    .all();
  if (rows.length > REPLAY_MAX) return null;
  return rows.map((row) => row.image).filter((image) => topicsOf(db, image).includes(topic));
}
