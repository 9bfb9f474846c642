/** What people do about escalations. */
import { ok, refuse, type Escalation, type Result } from "../../../protocol/index.ts";
import { escalationImage } from "../../store/images/attention-images.ts";
import { present } from "../../store/present.ts";
import type { Tx } from "../../store/tx.ts";
import { bumpVersion } from "../../store/writes/beads.ts";
import { acknowledgeEscalation, resolveEscalation } from "../../store/writes/escalations.ts";
import type { Apply } from "../command.ts";
import { findAt } from "../find-bead.ts";

export const acknowledge: Apply<"escalation.acknowledge"> = (tx, body) => {
  const bead = findAt(tx, body.escalation, ["escalation"], "escalation", body.version);
  if (!bead.ok) return bead;
  if (!acknowledgeEscalation(tx, bead.value.id))
    return refuse(
      "illegal_transition",
      "somebody has acknowledged or resolved it already: nothing is left to do.",
    );
  return edited(tx, bead.value.id);
};

export const resolve: Apply<"escalation.resolve"> = (tx, body) => {
  const bead = findAt(tx, body.escalation, ["escalation"], "escalation", body.version);
  if (!bead.ok) return bead;
  if (!resolveEscalation(tx, bead.value.id, body.note))
    return refuse("illegal_transition", "it is resolved already: nothing is left to do.");
  return edited(tx, bead.value.id);
};

function edited(tx: Tx, id: string): Result<Escalation> {
  bumpVersion(tx, id);
  return ok(present(escalationImage(tx.db, id), `escalation ${id}`));
}
