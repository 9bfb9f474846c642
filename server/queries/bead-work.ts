/** Where the newest work of a bead lies, for a person who goes on with it by hand. */
import { ok } from "../../protocol/index.ts";
import { landingOf } from "../model/delivery.ts";
import { beadResource } from "../reconcile/context.ts";
import { present } from "../store/present.ts";
import { rowAt } from "../store/rows.ts";
import { convoys } from "../store/schema/beads.ts";
import { rigs, runs } from "../store/schema/runs.ts";
import { heldRuns } from "../store/unfinished.ts";
import { findIssueRow } from "./find-issue.ts";
import type { Query } from "./query.ts";

export const beadWork: Query<"bead.work"> = ({ db }, body) => {
  const issue = findIssueRow(db, body.bead);
  if (!issue.ok) return issue;
  const { beadId, rigId, savedOid, savedRef, savedBaseOid, savedRunId, convoyId } = issue.value;
  const rig = present(rowAt(db, rigs, rigId), `rig of ${beadId}`);
  const convoy = convoyId === null ? undefined : rowAt(db, convoys, convoyId);
  const landing = landingOf({ ...issue.value, convoyBranch: convoy?.branch ?? null }, rig);
  const saver = savedRunId === null ? undefined : rowAt(db, runs, savedRunId);
  const { id, name, remote, target } = rig;
  return ok({
    bead: beadId,
    isBusy: heldRuns(db, beadResource(beadId)).length > 0,
    rig: { id, name, remote, target, delivery: landing.delivery },
    from:
      savedOid && savedRef && saver
        ? {
            oid: savedOid,
            refs: [savedRef, `refs/heads/gastown/run/${beadId}/${saver.id}`],
            runnerId: saver.runnerId,
            baseOid: savedBaseOid,
          }
        : null,
  });
};
