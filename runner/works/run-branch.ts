import type { Delivery } from "./base.ts";
import type { Holder } from "../git/access/access.ts";
import type { RigRepository } from "../git/mirror.ts";
import { runBranch } from "../git/names.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import { onlyMoved, refusalOf, remotePlace } from "../git/push.ts";
import type { Refs } from "./works.ts";

export type RunBranchPush = {
  readonly beadId: string;
  readonly runId: string;
  /** A commit of the store: the head of a verified `done`. */
  readonly oid: Oid;
  /** What this run pushed before; null: nothing, and then the branch must not exist. */
  readonly expected: Oid | null;
  /** `none` keeps the branch in the store: nothing leaves the runner. */
  readonly delivery: Delivery;
  readonly holder?: Holder;
};

/**
 * Pushes `gastown/run/<bead>/<run>`. It is looked up first, so that repeating the call after a lost
 * answer changes nothing. Errors: branch_moved, push_refused, or what reaching the remote gives.
 */
export async function pushRunBranch(
  refs: Refs,
  rig: RigRepository,
  push: RunBranchPush,
): Promise<Outcome<{ branch: string; oid: Oid; pushed: boolean }>> {
  const branch = runBranch(push.beadId, push.runId);
  const ref = `refs/heads/${branch}`;
  const place =
    push.delivery === "none"
      ? { url: rig.storeDir }
      : remotePlace(rig, "push", push.holder ?? null);
  const now = await refs.read(place, [ref]);
  if (!now.ok) return now;
  const held = now.refs.get(ref) ?? null;
  if (held === push.oid) return { ok: true, branch, oid: push.oid, pushed: false };
  if (held !== push.expected) {
    return failure(
      "branch_moved",
      `${branch} holds ${held ?? "nothing"}, which this run did not push.`,
      "Look at who wrote the branch; the work is saved on the runner.",
    );
  }
  const pushed = await refs.push(rig, place, [{ ref, to: push.oid, expected: push.expected }]);
  if (!pushed.ok) return pushed;
  if (pushed.refs.every(({ state }) => state === "updated"))
    return { ok: true, branch, oid: push.oid, pushed: true };
  const reason = refusalOf(pushed.refs);
  if (onlyMoved(pushed.refs))
    return failure(
      "branch_moved",
      `${branch} moved while it was pushed.`,
      "It is looked up again.",
      { retryable: true },
    );
  return failure(
    "push_refused",
    `The remote refuses ${branch}: ${reason}.`,
    "Allow the credential to write gastown/run/* branches.",
  );
}
