/**
 * What is left of a rig that is gone for good: trees are saved, saved work is copied or deleted as the person chose, and only
 * what is proven to be elsewhere, or was dropped, is removed. What is kept is told with its place and reason.
 */
import { KEPT_MAX, type PurgeFrame, type Purged } from "../../../protocol/entities/trash.ts";
import { refuse, type Ack } from "../../../protocol/error.ts";
import type { RigRepository } from "../../git/mirror.ts";
import type { GitError, Outcome } from "../../git/outcome.ts";
import { remotePlace } from "../../git/push.ts";
import { nameList } from "../../name-list.ts";
import { notHeld, rigProof, WIP, workIn, type StoreRef } from "../../works/let-rig-go.ts";
import { retireRun } from "../../works/retire-run.ts";
import { putSave } from "../saves/copy-save.ts";
import { deleteRef } from "../saves/forget-save.ts";
import type { Workplace } from "../workplace.ts";

type Kept = Purged["kept"][number];
type Place = Pick<Workplace, "works" | "rigs" | "saves" | "warm" | "clock">;

/** Errors: `busy` and `offline` may pass. No run of the rig may live here. */
export async function purgeRig(place: Place, order: PurgeFrame): Promise<Ack<Purged>> {
  const { works, rigs, saves } = place;
  const { rigId: id, remote } = order;
  if (!saves.leaveRig(id))
    return refuse("busy", "Saved work of that rig is being copied.", { retryable: true });
  if (!(await works.rigs.has(id))) return kept([]);
  await place.warm.forget(id);
  const opened = await rigs.open({ id, remote });
  if (!opened.ok) return again(opened.error);
  const { rig } = opened;
  const trees = await retireTrees(place, rig);
  const settled = await settleWork(place, rig, order);
  if (!settled.ok) return again(settled.error);
  const stays = [...trees, ...settled.stays];
  // A tree borrows from the mirror.
  if (trees.length > 0 || settled.holds) return kept(stays);
  const proof = rigProof(id, order.work === "drop" ? "dropped" : "held_elsewhere");
  const removed = await works.rigs.remove(rig, proof);
  rigs.forget({ id, remote });
  if (removed.ok) return kept(stays);
  return kept([...stays, { path: rig.dir, reason: removed.error.message }]);
}

/** Trees that earlier runs have left. One whose work cannot be saved stays. */
async function retireTrees({ works, clock }: Place, rig: RigRepository): Promise<Kept[]> {
  const stays: Kept[] = [];
  for (const runId of await works.trees.ofRig(rig.rigId)) {
    const tree = await works.trees.open(rig, runId);
    if (!tree.ok) continue;
    const retired = await retireRun(works.trees, tree.run, clock.now());
    if (!retired.ok) stays.push({ path: tree.run.dir, reason: wordsOf(retired.error) });
  }
  return stays;
}

const purging = (rig: RigRepository) => remotePlace(rig, "purge", null);

type Settled = Outcome<{
  stays: Kept[];
  /** The store holds what nothing else does. */ holds: boolean;
}>;

async function settleWork(place: Place, rig: RigRepository, order: PurgeFrame): Promise<Settled> {
  const found = await workIn(place.works, rig);
  if (!found.ok) return found;
  const finished = new Set(order.finished);
  const isOver = ({ ref }: StoreRef) =>
    ref.startsWith(WIP) && (order.work === "drop" || finished.has(ref.split("/").at(-1) ?? ""));
  const gone = await deleteAll(place, rig, found.work.filter(isOver), order);
  if (!gone.ok) return gone;
  if (order.work === "drop") return { ok: true, stays: gone.stays, holds: false };
  const wanted = found.work.filter((each) => !isOver(each));
  const safe = await makeSafe(place, rig, wanted, order);
  return safe.ok ? { ...safe, stays: [...gone.stays, ...safe.stays] } : safe;
}

/** In the rig's repository; the store goes as a whole. */
async function deleteAll(
  { works }: Place,
  rig: RigRepository,
  refs: readonly StoreRef[],
  { copies, final }: PurgeFrame,
): Promise<Outcome<{ stays: Kept[] }>> {
  const stays: Kept[] = [];
  for (const { ref } of copies ? refs : []) {
    const gone = await deleteRef(works, rig, { place: purging(rig), ref });
    if (gone.ok) continue;
    if (gone.error.retryable && !final) return gone;
    stays.push({ path: `${ref} in ${rig.remote.url}`, reason: wordsOf(gone.error) });
  }
  return { ok: true, stays };
}

/** Copies what the rig's repository lacks, where it may go there, and says what stays here. */
async function makeSafe(
  { works }: Place,
  rig: RigRepository,
  work: readonly StoreRef[],
  { copies, final }: PurgeFrame,
): Promise<Settled> {
  const before = await notHeld(works, rig, work);
  if (!before.ok) return before.error.retryable && !final ? before : storeStays(rig, before.error);
  let trouble: GitError | null = null;
  const left: StoreRef[] = [];
  for (const each of before.left) {
    const sent =
      copies && each.ref.startsWith(WIP) ? await putSave(works, rig, purging(rig), each) : null;
    if (sent?.ok === true) continue;
    if (sent?.error.retryable === true && !final) return sent;
    trouble ??= sent?.error ?? null;
    left.push(each);
  }
  if (left.length === 0) return { ok: true, stays: [], holds: false };
  const why = trouble === null ? "The rig keeps its work on its runners." : wordsOf(trouble);
  const refs = left.map(({ ref }) => ref);
  const reason = `Its repository does not hold ${nameList(refs, 5)}. ${why}`;
  return { ok: true, stays: [{ path: rig.storeDir, reason }], holds: true };
}

function storeStays(rig: RigRepository, error: GitError): Settled {
  return { ok: true, stays: [{ path: rig.storeDir, reason: wordsOf(error) }], holds: true };
}

function wordsOf({ message, next }: GitError): string {
  return `${message} ${next}`;
}

function kept(all: readonly Kept[]): Ack<Purged> {
  const cut = ({ path, reason }: Kept) => ({
    path: path.slice(0, 500),
    reason: reason.slice(0, 1_000),
  });
  return { ok: true, value: { kept: all.slice(0, KEPT_MAX).map(cut) } };
}

function again(error: GitError): Ack<never> {
  return refuse("offline", wordsOf(error), { retryable: true });
}
