/** Deletes one run's saved work by name: in the rig's repository first, then in the store. Safe to repeat. */
import type { RigRepository } from "../../git/mirror.ts";
import { wipRef } from "../../git/names.ts";
import { failure, type Outcome } from "../../git/outcome.ts";
import { onlyMoved, type Place, refusalOf, remotePlace } from "../../git/push.ts";
import type { KeptSave } from "../../spool/save-book.ts";
import type { RigDesk } from "../../works/rig-desk.ts";
import type { Works } from "../../works/works.ts";

/** What somebody else has put under that name is left alone. Errors: what reaching the repository gives, push_refused. */
export async function forgetSave(
  { works, rigs }: { works: Works; rigs: RigDesk },
  save: KeptSave,
): Promise<Outcome<object>> {
  const opened = await rigs.open(save.rig);
  if (!opened.ok) return opened;
  const { rig } = opened;
  const ref = wipRef(save.beadId, save.runId);
  // One whose copy was never answered for may be there all the same.
  if (save.copies || save.heldOid !== null) {
    const place = remotePlace(rig, "save", { runId: save.runId, fence: save.fence });
    const gone = await deleteRef(works, rig, { place, ref });
    if (!gone.ok) return gone;
  }
  return deleteRef(works, rig, { place: { url: rig.storeDir }, ref });
}

/** Deletes a ref that holds what this runner has saved; what somebody else has put there stays. */
export async function deleteRef(
  works: Pick<Works, "refs" | "history">,
  rig: RigRepository,
  { place, ref }: { place: Place; ref: string },
): Promise<Outcome<object>> {
  const now = await works.refs.read(place, [ref]);
  if (!now.ok) return now;
  const held = now.refs.get(ref);
  if (held === undefined) return { ok: true };
  const known = await works.history.hasCommit(rig, held);
  if (!known.ok || !known.yes) return known;
  const pushed = await works.refs.push(rig, place, [{ ref, to: null, expected: held }]);
  if (!pushed.ok) return pushed;
  if (pushed.refs.every(({ state }) => state !== "refused")) return { ok: true };
  const why = `${ref} is not deleted: ${refusalOf(pushed.refs)}.`;
  return failure("push_refused", why, "It is tried again.", { retryable: onlyMoved(pushed.refs) });
}
