/** Issue beads: one piece of work for a rig. */
import { ok } from "../../protocol/index.ts";
import { findLastingRig } from "../store/refs.ts";
import { createIssue } from "../store/writes/issues.ts";
import type { Apply } from "./command.ts";
import { connect } from "./dependency-commands.ts";
import { image } from "./find-bead.ts";

export const slingBead: Apply<"bead.sling"> = (tx, body) => {
  const rig = findLastingRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  const id = createIssue(tx, {
    title: body.title,
    body: body.body,
    rigId: rig.value.id,
    priority: body.priority,
    delivery: body.delivery ?? null,
    convoyId: null,
    held: body.held,
    checks: body.checks,
  });
  for (const ref of body.dependsOn) {
    const added = connect(tx, { id, rigId: rig.value.id }, ref, "blocks");
    if (!added.ok) return added;
  }
  return ok(image(tx, id));
};
