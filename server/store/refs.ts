/** What people write for an object: its full id, its short form, or a rig's name. */
import { and, desc, eq, isNotNull, isNull, like, or } from "drizzle-orm";
import { ok, refuse, type BeadType, type Result } from "../../protocol/index.ts";
import { given, prepared } from "./prepared.ts";
import type { Db } from "./database.ts";
import { rigAnswers } from "./schema/attention.ts";
import { beads, tombstones } from "./schema/beads.ts";
import { rigs, runners, runs } from "./schema/runs.ts";
import { rowAt } from "./rows.ts";
import { notInTrash, trashedRig } from "./trash/in-trash.ts";

const named = given("ref");
const live = isNull(rigs.removedAt);
const beadById = prepared((db) => db.select().from(beads).where(eq(beads.id, named)).prepare());
const rigById = prepared((db) =>
  db
    .select()
    .from(rigs)
    .where(and(eq(rigs.id, named), live))
    .prepare(),
);
const rigsByName = prepared((db) =>
  db
    .select()
    .from(rigs)
    .where(and(eq(rigs.name, named), live))
    .prepare(),
);
const runById = prepared((db) =>
  db
    .select()
    .from(runs)
    .where(and(eq(runs.id, named), notInTrash(runs.rigId)))
    .prepare(),
);

/** What each type is called, and the command that lists it. */
const SAID: Readonly<Record<BeadType, { is: string; list: string }>> = {
  issue: { is: "a bead", list: "gastown beads" },
  convoy: { is: "a convoy", list: "gastown convoy list" },
  molecule: { is: "a molecule", list: "gastown molecule list" },
  merge_request: { is: "a review", list: "gastown beads" },
  agent: { is: "an agent", list: "gastown watch agents --once" },
  message: { is: "a message to the Mayor", list: "gastown beads" },
  escalation: { is: "an escalation", list: "gastown escalations list" },
  question: { is: "a question", list: "gastown questions list" },
  mail: { is: "a message", list: "gastown mail list" },
  triage_request: { is: "a request of triage", list: "gastown escalations list" },
};

function listOf([type]: readonly BeadType[]): string {
  return SAID[type ?? "issue"].list;
}

/** Finds a bead of these types. */
export function findBead(
  db: Db,
  ref: string,
  types: readonly BeadType[],
  noun: string,
): Result<typeof beads.$inferSelect> {
  const exact = beadById(db).get({ ref });
  const trashed = exact && trashedRig(db, exact.rigId);
  if (trashed)
    return refuse(
      "not_found",
      `“${exact.title}” is of rig ${trashed.name}, which is in the trash: \`gastown trash restore ${trashed.name}\` takes it back.`,
    );
  if (exact) {
    return types.includes(exact.type)
      ? ok(exact)
      : refuse(
          "not_found",
          `${ref} is ${SAID[exact.type].is}, not a ${noun}. See: ${listOf(types)}`,
        );
  }
  const grave = rowAt(db, tombstones, ref);
  if (grave)
    return refuse(
      "not_found",
      `“${grave.title}” was deleted by ${grave.deletedBy}: nothing is left of it but its history.`,
    );
  const pattern = shortPattern(ref);
  const found = pattern
    ? db
        .select()
        .from(beads)
        .where(and(like(beads.id, pattern), notInTrash(beads.rigId)))
        .limit(20)
        .all()
        .filter((row) => types.includes(row.type))
    : [];
  return one(found, ref, noun, listOf(types));
}

export function findRig(db: Db, ref: string): Result<typeof rigs.$inferSelect> {
  const exact = rigById(db).get({ ref });
  if (exact) return ok(exact);
  const sameName = rigsByName(db).all({ ref });
  if (sameName.length > 0) return one(sameName, ref, "rig", "gastown rig list");
  const pattern = shortPattern(ref);
  const found = pattern
    ? db
        .select()
        .from(rigs)
        .where(and(like(rigs.id, pattern), live))
        .limit(2)
        .all()
    : [];
  return one(found, ref, "rig", "gastown rig list");
}

/** A rig that takes new beads. */
export function findLastingRig(db: Db, ref: string): Result<typeof rigs.$inferSelect> {
  const rig = findRig(db, ref);
  if (!rig.ok || rig.value.deletion === null) return rig;
  const { name } = rig.value;
  return refuse(
    "illegal_transition",
    `rig ${name} is being deleted and takes nothing new: \`gastown trash restore ${name}\` takes it back.`,
  );
}

/** A rig that is being deleted, or is in the trash, the newest of its name there. */
export function findDeleted(db: Db, ref: string): Result<typeof rigs.$inferSelect> {
  const pattern = shortPattern(ref);
  const named = or(
    eq(rigs.id, ref),
    eq(rigs.name, ref),
    pattern === null ? undefined : like(rigs.id, pattern),
  );
  const [newest] = db
    .select()
    .from(rigs)
    .where(and(named, or(isNotNull(rigs.removedAt), isNotNull(rigs.deletion))))
    .orderBy(desc(rigs.removedAt))
    .limit(1)
    .all();
  if (newest) return ok(newest);
  return refuse("not_found", `there is no rig ${ref} in the trash. See: gastown trash list`);
}

export function findAnswer(db: Db, ref: string): Result<typeof rigAnswers.$inferSelect> {
  const pattern = shortPattern(ref);
  const named = pattern ? like(rigAnswers.id, pattern) : eq(rigAnswers.id, ref);
  const found = db.select().from(rigAnswers).where(named).limit(2).all();
  return one(found, ref, "kept answer", "gastown questions answers");
}

export function findRun(db: Db, ref: string): Result<typeof runs.$inferSelect> {
  const exact = runById(db).get({ ref });
  if (exact) return ok(exact);
  const pattern = shortPattern(ref);
  const found = pattern
    ? db
        .select()
        .from(runs)
        .where(and(like(runs.id, pattern), notInTrash(runs.rigId)))
        .limit(2)
        .all()
    : [];
  return one(found, ref, "run", "gastown watch agents --once");
}

/** By its id, or by its name where only one runner has it. */
export function findRunner(db: Db, ref: string): Result<typeof runners.$inferSelect> {
  const exact = rowAt(db, runners, ref);
  if (exact) return ok(exact);
  const pattern = shortPattern(ref);
  const named = pattern
    ? or(eq(runners.name, ref), like(runners.id, pattern))
    : eq(runners.name, ref);
  const found = db.select().from(runners).where(named).limit(2).all();
  return one(found, ref, "runner", "gastown runner list");
}

/** `bd-x1y2z3` or `bd_…x1y2z3` as a LIKE pattern, or null when it cannot be a short form. */
function shortPattern(ref: string): string | null {
  const match = /^([a-z]{2})[-_]([0-9a-z]{4,26})$/.exec(ref);
  return match ? `${match[1]}\\_%${match[2]}`.replace("\\_", "_") : null;
}

function one<T>(found: readonly T[], ref: string, noun: string, list: string): Result<T> {
  const [only] = found;
  if (only === undefined) return refuse("not_found", `there is no ${noun} ${ref}. See: ${list}`);
  if (found.length > 1)
    return refuse("ambiguous", `${ref} names more than one ${noun}: give more of its id.`);
  return ok(only);
}
