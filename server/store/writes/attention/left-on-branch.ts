/** What a cancelled convoy leaves on its branch. */
import { and, eq } from "drizzle-orm";
import { branchOf } from "../../../model/delivery.ts";
import { present } from "../../present.ts";
import { rowAt } from "../../rows.ts";
import { beads, convoys, issues } from "../../schema/beads.ts";
import type { Tx } from "../../tx.ts";
import { escalate, resolveByKey } from "../escalations.ts";

const SOURCE = "convoy.cancel";

/**
 * A person is asked what becomes of what lies on a cancelled convoy's branch; nobody, once nothing lies there. Looked at
 * when it is cancelled, and when a merge that was cut off turns out to have landed after that.
 */
export function askOfLeft(tx: Tx, convoyId: string): void {
  const convoy = present(rowAt(tx.db, convoys, convoyId), `convoys row of ${convoyId}`);
  const { branch, state } = convoy;
  if (branch === null || state !== "cancelled") return;
  const landed = tx.db
    .select({ on: issues.landedOn })
    .from(issues)
    .where(and(eq(issues.convoyId, convoyId), eq(issues.landing, false)))
    .all();
  const left = landed.filter(({ on }) => on !== null && branchOf(on) === branch).length;
  if (left === 0)
    return resolveByKey(tx, `${SOURCE} ${convoyId}`, "all of it has landed on the target");
  const { title, rigId } = present(rowAt(tx.db, beads, convoyId), `bead ${convoyId}`);
  escalate(tx, {
    title: `Not landed: ${title}`.slice(0, 200),
    body: `${left} beads of this cancelled convoy are on ${branch} and not on the target. The branch is kept: reopen a bead to land it after all, merge it by hand, or resolve this.`,
    severity: "medium",
    source: SOURCE,
    subjectId: convoyId,
    rigId,
    holdsWhile: ["cancelled"],
  });
}
