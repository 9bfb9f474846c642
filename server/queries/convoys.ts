/** Convoys with their progress and plan: always counted from their beads. */
import { and, asc, desc, eq, isNull } from "drizzle-orm";
import { ok, type Convoy, type Issue } from "../../protocol/index.ts";
import { branchOf } from "../model/delivery.ts";
import { overlapsOf, wavesOf } from "../model/waves.ts";
import type { Db } from "../store/database.ts";
import { convoyImage, issueImage } from "../store/images/images.ts";
import { present } from "../store/present.ts";
import { findBead } from "../store/refs.ts";
import { beads, convoys, issues } from "../store/schema/beads.ts";
import { notInTrash } from "../store/trash/in-trash.ts";
import type { Query } from "./query.ts";

const LIST_MAX = 200;

function progressOf(db: Db, convoyId: string) {
  const members = db
    .select({ state: issues.state, outcome: issues.outcome })
    .from(issues)
    .where(and(eq(issues.convoyId, convoyId), eq(issues.landing, false)))
    .all();
  return {
    total: members.length,
    landed: members.filter((member) => member.outcome === "landed").length,
    failed: members.filter((member) => member.state === "failed").length,
  };
}

export const convoyList: Query<"convoy.list"> = ({ db }) => {
  const rows = db
    .select({ id: convoys.beadId })
    .from(convoys)
    .innerJoin(beads, eq(beads.id, convoys.beadId))
    .where(and(isNull(beads.archivedAt), notInTrash(beads.rigId)))
    .orderBy(desc(convoys.beadId))
    .limit(LIST_MAX)
    .all();
  return ok(
    rows.map(({ id }) => ({
      convoy: present(convoyImage(db, id), `convoy ${id}`),
      ...progressOf(db, id),
    })),
  );
};

export const convoyGet: Query<"convoy.get"> = ({ db }, body) => {
  const bead = findBead(db, body.convoy, ["convoy"], "convoy");
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const rows = db
    .select({ id: issues.beadId })
    .from(issues)
    .where(eq(issues.convoyId, id))
    .orderBy(asc(issues.beadId))
    .all();
  const convoy = present(convoyImage(db, id), `convoy ${id}`);
  const members = rows.map((row) => present(issueImage(db, row.id), `bead ${row.id}`));
  const tasks = members
    .filter((each) => !each.landing)
    .map((each) => ({ ...each, waitsFor: each.blockedBy }));
  return ok({
    convoy,
    beads: members,
    waves: wavesOf(tasks),
    overlaps: overlapsOf(tasks).map(({ tasks: pair, files }) => ({ beads: pair, files })),
    progress: progressOf(db, id),
    notLanded: notLanded(convoy, members),
  });
};

/** Of a convoy that goes on nobody asks yet. An explicit outcome that needs no landing is none that is missing. */
function notLanded(convoy: Convoy, members: readonly Issue[]): string[] {
  const { state, branch } = convoy;
  if (state === "staged" || state === "active" || state === "landing") return [];
  const onBranchOnly = ({ landedOn }: Issue) => landedOn !== null && branchOf(landedOn) === branch;
  return members
    .filter((each) => !each.landing)
    .filter((each) => each.outcome === null || each.outcome === "cancelled" || onBranchOnly(each))
    .map((each) => each.id);
}
