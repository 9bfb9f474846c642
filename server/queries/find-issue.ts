import { eq } from "drizzle-orm";
import { ok, type Result } from "../../protocol/index.ts";
import type { Db } from "../store/database.ts";
import { findBead } from "../store/refs.ts";
import { issues } from "../store/schema/beads.ts";
import { present } from "../store/present.ts";

/** An issue bead's own row with its rig. */
export function findIssueRow(
  db: Db,
  ref: string,
): Result<typeof issues.$inferSelect & { rigId: string }> {
  const bead = findBead(db, ref, ["issue"], "bead");
  if (!bead.ok) return bead;
  const { id } = bead.value;
  return ok({
    ...present(db.select().from(issues).where(eq(issues.beadId, id)).get(), `issue row of ${id}`),
    rigId: present(bead.value.rigId, `rig of ${id}`),
  });
}
