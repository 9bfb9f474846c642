/** The credential of a rig's repository: given, replaced, taken away; never read back. */
import { ok, refuse, type ErrorBody, type Rig } from "../../../protocol/index.ts";
import { rigImage } from "../../store/images/images.ts";
import { present } from "../../store/present.ts";
import { findRig } from "../../store/refs.ts";
import { credentialId } from "../../store/settings.ts";
import type { Tx } from "../../store/tx.ts";
import { type RigRow, updateRig } from "../../store/writes/rigs.ts";
import { putSecret, removeSecret } from "../../store/writes/settings.ts";
import { noCredentialFor } from "../../model/credential-place.ts";
import type { Apply } from "../command.ts";
import { tailOf } from "./secret-tail.ts";

/** With the next operation of git it is in use; the baseline shows that it works. */
export const setCredential: Apply<"credential.set"> = (tx, body, ports) => {
  const rig = findRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  const unfit = unfitPlace(rig.value);
  if (unfit !== null) return unfit;
  const { username, password } = body;
  const rowId = credentialId(rig.value.id);
  const tail = tailOf(password);
  putSecret(tx, rowId, ports.auth.seal(rowId, JSON.stringify({ username, password })), tail);
  return ok(changed(tx, rig.value, { username, tail }));
};

export const removeCredential: Apply<"credential.remove"> = (tx, body) => {
  const rig = findRig(tx.db, body.rig);
  if (!rig.ok) return rig;
  if (rig.value.credential === null)
    return refuse("not_found", "this rig has no credential: git goes with what each host has.");
  removeSecret(tx, credentialId(rig.value.id));
  return ok(changed(tx, rig.value, null));
};

function changed(tx: Tx, rig: RigRow, credential: RigRow["credential"]): Rig {
  updateRig(tx, rig, { credential }, true);
  return present(rigImage(tx.db, rig.id), `rig ${rig.id}`);
}

/** The refusal of a rig whose address takes none. */
export function unfitPlace({ remote }: Pick<RigRow, "remote">): {
  ok: false;
  error: ErrorBody;
} | null {
  const why = noCredentialFor(remote);
  return why === null ? null : refuse("unsupported", why);
}
