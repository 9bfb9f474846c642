/** Copies one run's saved work to the rig's repository, under a ref that this run alone has. */
import { SAVED_COPY_BYTES_MAX } from "../../config.ts";
import type { RigRepository } from "../../git/mirror.ts";
import { wipRef } from "../../git/names.ts";
import { failure, type Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import { onlyMoved, type Place, refusalOf, remotePlace } from "../../git/push.ts";
import type { KeptSave } from "../../spool/save-book.ts";
import type { RigDesk } from "../../works/rig-desk.ts";
import type { Works } from "../../works/works.ts";

/**
 * The ref is looked up first: a push whose answer was lost is seen, and what somebody else has put there
 * is left alone. Errors: too_large, branch_moved, push_refused, or what reaching the repository gives.
 */
export async function copySave(
  { works, rigs }: { works: Works; rigs: RigDesk },
  save: KeptSave,
  bytesMax = SAVED_COPY_BYTES_MAX,
): Promise<Outcome<object>> {
  const opened = await rigs.open(save.rig);
  if (!opened.ok) return opened;
  const { rig } = opened;
  const size = await works.history.newBytes(rig, save.sinceOid, save.oid);
  if (!size.ok) return size;
  if (size.bytes > bytesMax)
    return failure(
      "too_large",
      `The saved work is ${size.bytes} bytes; at most ${bytesMax} are copied.`,
      "Remove or ignore large files in the tree.",
    );
  const place = remotePlace(rig, "save", { runId: save.runId, fence: save.fence });
  return putSave(works, rig, place, { ref: wipRef(save.beadId, save.runId), oid: save.oid });
}

/** The same whatever its size. Errors: branch_moved, push_refused, or what reaching the repository gives. */
export async function putSave(
  works: Works,
  rig: RigRepository,
  place: Place,
  { ref, oid }: { ref: string; oid: Oid },
): Promise<Outcome<object>> {
  const now = await works.refs.read(place, [ref]);
  if (!now.ok) return now;
  const held = now.refs.get(ref) ?? null;
  if (held === oid) return { ok: true };
  const known = held === null ? null : await works.history.hasCommit(rig, held);
  if (known !== null && !known.ok) return known;
  if (known !== null && !known.yes)
    return failure(
      "branch_moved",
      `${ref} of the rig's repository holds ${held}, which this runner did not save.`,
      "Look at who wrote it; the work is saved on the runner.",
    );
  const pushed = await works.refs.push(rig, place, [{ ref, to: oid, expected: held }]);
  if (!pushed.ok) return pushed;
  if (pushed.refs.every(({ state }) => state === "updated")) return { ok: true };
  const refused = `The rig's repository does not take ${ref}: ${refusalOf(pushed.refs)}.`;
  if (onlyMoved(pushed.refs))
    return failure("branch_moved", refused, "It is looked up again.", { retryable: true });
  return failure(
    "push_refused",
    refused,
    "Allow the credential to write refs/gastown/*, or keep saved work on the runner: savedWork of the rig.",
  );
}
