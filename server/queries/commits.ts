/** The commits that agents made for a bead: what their runs told when they handed the work in. */
import { and, desc, eq } from "drizzle-orm";
import { ok, type BeadCommit } from "../../protocol/index.ts";
import { commitPage } from "../model/authorship/commit-page.ts";
import { findBead } from "../store/refs.ts";
import { runs } from "../store/schema/runs.ts";
import type { Query } from "./query.ts";

/** A later run that goes on from earlier work tells its commits again: each is listed once, with the run that told it first. */
export const beadCommits: Query<"bead.commits"> = ({ db }, body) => {
  const bead = findBead(db, body.bead, ["issue"], "bead");
  if (!bead.ok) return bead;
  const rows = db
    .select({ id: runs.id, result: runs.result, spec: runs.spec })
    .from(runs)
    .where(and(eq(runs.beadId, bead.value.id), eq(runs.kind, "work")))
    .orderBy(desc(runs.offeredAt), desc(runs.id))
    .all();
  const known = new Map<string, BeadCommit>();
  for (const { id: runId, result, spec } of rows) {
    if (result?.kind !== "work_done" || spec.kind !== "work") continue;
    const isPushed = spec.bead.delivery !== "none";
    for (const line of result.commits ?? []) {
      const page = isPushed ? commitPage(spec.rig.remote, line.oid) : null;
      known.set(line.oid, { ...line, runId, page });
    }
  }
  return ok([...known.values()]);
};
