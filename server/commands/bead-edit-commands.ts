/** What people change of a bead without moving its state. */
import { and, eq, inArray, isNull, lt } from "drizzle-orm";
import { ok, refuse, type BeadType, type Result } from "../../protocol/index.ts";
import { findBead } from "../store/refs.ts";
import { valueAt } from "../store/rows.ts";
import { agents, beads, convoys, issues } from "../store/schema/beads.ts";
import { notInTrash } from "../store/trash/in-trash.ts";
import type { Tx } from "../store/tx.ts";
import { editBead, setArchived, setHeld, type BeadEdit } from "../store/writes/bead-edits.ts";
import { resolveTriageHolds } from "../store/writes/attention/triage.ts";
import { recordEvent } from "../store/writes/beads.ts";
import type { Apply } from "./command.ts";
import { cutOff, mayStillLand } from "./convoys/cut-off-merges.ts";
import { findAt, findIssue, image, type BeadRow } from "./find-bead.ts";

const ANY: readonly BeadType[] = [
  "issue",
  "convoy",
  "merge_request",
  "agent",
  "message",
  "escalation",
];

export const updateBead: Apply<"bead.update"> = (tx, body) => {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id, status } = bead.value;
  const { assignee, delivery, ...plain } = body.set;
  if (delivery !== undefined && status !== "open") {
    return refuse(
      "illegal_transition",
      `it is ${status.replaceAll("_", " ")}: where it lands can be changed only while it is open.`,
    );
  }
  if (delivery !== undefined && hasOwnBranch(tx, id))
    return refuse(
      "illegal_transition",
      "its convoy lands from a branch of its own: all of its beads land in one place.",
    );
  if (delivery !== undefined && mayStillLand(tx, { bead: id })) return cutOff();
  const edit: BeadEdit = { ...defined(plain), ...(delivery !== undefined && { delivery }) };
  if (assignee !== undefined) {
    const wished = assignee === null ? ok(null) : findWished(tx, bead.value, assignee);
    if (!wished.ok) return wished;
    edit.wishedAgentId = wished.value;
  }
  if (Object.keys(edit).length === 0) return refuse("invalid_body", "set: name what to change.");
  editBead(tx, id, edit);
  return ok(image(tx, id));
};

function hasOwnBranch(tx: Tx, id: string): boolean {
  const convoyId = valueAt(tx.db, issues.convoyId, id) ?? null;
  return convoyId !== null && typeof valueAt(tx.db, convoys.branch, convoyId) === "string";
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(set: T): Defined<T> {
  const named = Object.entries(set).filter(([, value]) => value !== undefined);
  return Object.fromEntries(named) as Defined<T>;
}

function findWished(tx: Tx, bead: BeadRow, ref: string): Result<string> {
  const named = tx.db
    .select({ id: agents.beadId })
    .from(agents)
    .innerJoin(beads, eq(beads.id, agents.beadId))
    .where(
      and(
        eq(agents.name, ref),
        eq(agents.role, "polecat"),
        isNull(agents.retiredAt),
        eq(beads.rigId, bead.rigId ?? ""),
      ),
    )
    .get();
  const found = named ? ok({ id: named.id }) : findBead(tx.db, ref, ["agent"], "agent");
  if (!found.ok) return found;
  const agent = tx.db.select().from(agents).where(eq(agents.beadId, found.value.id)).get();
  const home = tx.db.select().from(beads).where(eq(beads.id, found.value.id)).get();
  if (agent?.role !== "polecat" || home?.rigId !== bead.rigId) {
    return refuse(
      "foreign_rig",
      "only a polecat of the bead's own rig can work on it: name one of those.",
    );
  }
  if (agent.retiredAt !== null)
    return refuse("illegal_transition", "that agent has retired: name another one.");
  return ok(found.value.id);
}

export const holdBead: Apply<"bead.hold"> = (tx, body) => holdOrRelease(tx, body, true);
export const releaseBead: Apply<"bead.release"> = (tx, body) => holdOrRelease(tx, body, false);

function holdOrRelease(
  tx: Tx,
  body: { bead: string; version?: number | undefined },
  held: boolean,
): ReturnType<Apply<"bead.hold">> {
  const bead = findIssue(tx, body.bead, body.version);
  if (!bead.ok) return bead;
  const { id, status } = bead.value;
  if (held && (status === "closed" || status === "failed"))
    return refuse("illegal_transition", `it is ${status}: there is nothing to hold back.`);
  if (bead.value.held !== held) setHeld(tx, id, held);
  if (!held) resolveTriageHolds(tx, id);
  return ok(image(tx, id));
}

export const commentBead: Apply<"bead.comment"> = (tx, body) => {
  const bead = findAt(tx, body.bead, ANY, "bead");
  if (!bead.ok) return bead;
  recordEvent(tx, bead.value.id, "comment", body.text);
  return ok({ id: bead.value.id });
};

/** Beads of one command: a bulk goes on with the next one. */
const ARCHIVE_MAX = 500;

export const archiveBeads: Apply<"bead.archive"> = (tx, body) => {
  const named = body.beads.length > 0 ? findAll(tx, body.beads) : findClosed(tx, body);
  if (!named.ok) return named;
  const [rows, left] = [named.value.slice(0, ARCHIVE_MAX), named.value.length > ARCHIVE_MAX];
  const busy = rows.find((row) => row.status === "in_progress" || row.status === "in_review");
  if (busy)
    return refuse("illegal_transition", `“${busy.title}” is at work: only what rests is archived.`);
  const archived = rows.filter((row) => row.archivedAt === null);
  for (const row of archived) setArchived(tx, row, true);
  return ok({ archived: archived.map((row) => row.id), more: left });
};

export const unarchiveBeads: Apply<"bead.unarchive"> = (tx, body) => {
  const named = findAll(tx, body.beads);
  if (!named.ok) return named;
  const back = named.value.filter((row) => row.archivedAt !== null);
  for (const row of back) setArchived(tx, row, false);
  return ok({ unarchived: back.map((row) => row.id) });
};

function findAll(tx: Tx, refs: readonly string[]): Result<BeadRow[]> {
  const rows: BeadRow[] = [];
  for (const ref of refs) {
    const bead = findBead(tx.db, ref, ["issue", "convoy", "molecule"], "bead");
    if (!bead.ok) return bead;
    rows.push(bead.value);
  }
  return ok(rows);
}

/** Closed beads, convoys and molecules that are shown, oldest first: one more than is archived at once. */
function findClosed(
  tx: Tx,
  { closedBefore }: { closedBefore?: number | undefined },
): Result<BeadRow[]> {
  const where = and(
    inArray(beads.type, ["issue", "convoy", "molecule"]),
    eq(beads.status, "closed"),
    isNull(beads.archivedAt),
    lt(beads.closedAt, closedBefore ?? tx.now + 1),
    notInTrash(beads.rigId),
  );
  return ok(
    tx.db
      .select()
      .from(beads)
      .where(where)
      .orderBy(beads.id)
      .limit(ARCHIVE_MAX + 1)
      .all(),
  );
}
