import { laneRef } from "../git/names.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import { onlyMoved, type Place, refusalOf } from "../git/push.ts";
import { laneCommit } from "./lane.ts";
import type { Observation } from "./operation.ts";
import { mergeError } from "./outcome.ts";
import { candidatePrefix, type LandingRequest } from "./request.ts";
import { failed, type OperationOf, placeOf, withAuthority, type Workshop } from "./workshop.ts";

export async function push(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"push">,
): Promise<Observation> {
  const { works, rig } = shop;
  const refused = (await withAuthority(shop)) ?? (await laneStillOurs(shop, request, operation));
  if (refused !== null) return refused;
  // A lease allows what is no fast-forward, so that is asked here.
  if (operation.expected !== null) {
    const forward = await works.history.isAncestor(rig, operation.expected, operation.merge);
    if (!forward.ok) return failed(forward.error);
    if (!forward.yes)
      return { kind: "push_refused", reason: "the candidate does not contain the target" };
  }
  const lane = await laneCommit(works.history, rig, operation.mark);
  if (!lane.ok) return failed(lane.error);
  const offered = operation.candidateRef !== operation.landingRef;
  const laneName = laneRef(operation.landingRef);
  const pushed = await works.refs.push(rig, placeOf(shop, request), [
    {
      ref: operation.candidateRef,
      to: operation.merge,
      expected: offered ? null : operation.expected,
    },
    { ref: laneName, to: lane.oid, expected: operation.expectedLane },
  ]);
  if (!pushed.ok) return failed(pushed.error);
  if (pushed.refs.some(({ state }) => state !== "updated")) {
    const reason = refusalOf(pushed.refs);
    return onlyMoved(pushed.refs)
      ? { kind: "push_refused", reason }
      : { kind: "push_denied", reason };
  }
  return {
    kind: "pushed",
    merge: operation.merge,
    lane: lane.oid,
    offeredAs: offered ? operation.candidateRef : null,
  };
}

async function laneStillOurs(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"push">,
): Promise<Observation | null> {
  const lane = laneRef(operation.landingRef);
  const now = await shop.works.refs.read(placeOf(shop, request), [lane]);
  if (!now.ok) return failed(now.error);
  return now.refs.get(lane) === operation.expectedLane
    ? null
    : { kind: "push_refused", reason: "the lane has moved" };
}

export async function mergeCheckout(
  shop: Workshop,
  request: LandingRequest,
  { candidateRef, merge, expected }: OperationOf<"merge_checkout">,
): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const shape = await shop.works.checkouts.shape(shop.rig);
  if (!shape.ok) return failed(shape.error);
  if (shape.shape.kind !== "checkout")
    return { kind: "push_refused", reason: "the checkout is gone" };
  const moved = await shop.works.checkouts.fastForward(shape.shape.workTree, {
    branch: request.target,
    expected,
    candidateRef,
    merge,
  });
  if (!moved.ok) return failed(moved.error);
  if (moved.result === "merged") return { kind: "checkout_merged", merge };
  return moved.result === "moved"
    ? { kind: "push_refused", reason: moved.reason }
    : { kind: "checkout_dirty", reason: moved.reason };
}

/** After it no engine can move a checkout to a candidate of before: a candidate is merged by the name of its ref. */
export async function dropCandidates(
  shop: Workshop,
  request: LandingRequest,
): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const { refs } = shop.works;
  const place = placeOf(shop, request);
  const candidates = await refs.list(place, candidatePrefix(request));
  if (!candidates.ok) return failed(candidates.error);
  const deleted = await deleteRefs(shop, place, candidates.refs);
  if (!deleted.ok) return failed(deleted.error);
  if (candidates.refs.size === 0) return { kind: "candidates_dropped" };
  const left = await refs.list(place, candidatePrefix(request));
  if (!left.ok) return failed(left.error);
  if (left.refs.size === 0) return { kind: "candidates_dropped" };
  const message = `${[...left.refs.keys()].join(", ")} could not be deleted.`;
  return failed(mergeError("not_proved", message, "It is tried again.", { retryable: true }));
}

/** Deletes what the landing leaves at its place: the run's branch if it still holds the source, and candidates laid beside a checkout. */
export async function cleanUp(shop: Workshop, request: LandingRequest): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const place = placeOf(shop, request);
  const { refs } = shop.works;
  const branch = request.runBranch === null ? null : `refs/heads/${request.runBranch}`;
  const candidates = await refs.list(place, candidatePrefix(request));
  if (!candidates.ok) return failed(candidates.error);
  const ours = new Map(candidates.refs);
  if (branch !== null) {
    const read = await refs.read(place, [branch]);
    if (!read.ok) return failed(read.error);
    // Somebody else's commit on it stays.
    if (read.refs.get(branch) === request.source) ours.set(branch, request.source);
  }
  const deleted = await deleteRefs(shop, place, ours);
  if (!deleted.ok) return failed(deleted.error);
  return { kind: "cleaned", branchDeleted: branch !== null && deleted.names.has(branch) };
}

/** Deletes each ref that still has its value. @returns the names of those that the remote says are deleted now */
async function deleteRefs(
  { works, rig }: Workshop,
  place: Place,
  values: ReadonlyMap<string, Oid>,
): Promise<Outcome<{ names: Set<string> }>> {
  const names = new Set<string>();
  for (const [ref, oid] of values) {
    const pushed = await works.refs.push(rig, place, [{ ref, to: null, expected: oid }]);
    if (!pushed.ok) return pushed;
    if (pushed.refs[0]?.state === "updated") names.add(ref);
  }
  return { ok: true, names };
}
