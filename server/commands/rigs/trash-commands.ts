/** Deleting a rig, taking it back, and removing it for good. */
import { ok, refuse } from "../../../protocol/index.ts";
import { rigImage } from "../../store/images/images.ts";
import { present } from "../../store/present.ts";
import { findDeleted, findRig } from "../../store/refs.ts";
import { purgeRig } from "../../store/writes/trash/purge-rig.ts";
import { beginDeletion, endDeletion, takeOutOfTrash } from "../../store/writes/trash/trash.ts";
import type { Apply } from "../command.ts";

/** Asked for again it changes what becomes of the work. */
export const deleteRig: Apply<"rig.remove"> = (tx, { rig: ref, work }) => {
  const rig = findRig(tx.db, ref);
  if (!rig.ok) return rig;
  const { id, deletion } = rig.value;
  beginDeletion(tx, id, { by: tx.actor, at: deletion?.at ?? tx.now, work });
  return ok({ id });
};

export const restoreRig: Apply<"rig.restore"> = (tx, { rig: ref, name }) => {
  const rig = findDeleted(tx.db, ref);
  if (!rig.ok) return rig;
  const { id, removedAt } = rig.value;
  const known = name ?? rig.value.name;
  const other = findRig(tx.db, known);
  if (other.ok && other.value.id !== id)
    return refuse(
      "already_exists",
      `there is a rig ${known} now. Take this one back under another name with --name.`,
    );
  if (removedAt === null) endDeletion(tx, id);
  else takeOutOfTrash(tx, id, known);
  return ok(present(rigImage(tx.db, id), `rig ${id}`));
};

export const purgeRigNow: Apply<"rig.purge"> = (tx, { rig: ref }) => {
  const rig = findDeleted(tx.db, ref);
  if (!rig.ok) return rig;
  const { id, name, removedAt } = rig.value;
  if (removedAt === null)
    return refuse(
      "busy",
      `runs of rig ${name} have not ended yet: it is not in the trash so far.`,
      {
        retryable: true,
        minBackoffMs: 2_000,
      },
    );
  purgeRig(tx, id);
  return ok({ id });
};
