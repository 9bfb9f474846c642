import { isAncestor } from "../git/mirror.ts";
import { laneRef } from "../git/names.ts";
import { refsOf } from "../git/porcelain.ts";
import { onlyMoved, pushRefs, refusalOf, remoteRefs } from "../git/push.ts";
import { remoteShape } from "../git/remote.ts";
import { fastForwardCheckout } from "./checkout.ts";
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
  const { git, rig } = shop;
  const refused = (await withAuthority(shop)) ?? (await laneStillOurs(shop, request, operation));
  if (refused !== null) return refused;
  // A lease allows what is no fast-forward, so that is asked here.
  if (operation.expected !== null) {
    const forward = await isAncestor(git, rig.storeDir, operation.expected, operation.merge);
    if (!forward.ok) return failed(forward.error);
    if (!forward.yes)
      return { kind: "push_refused", reason: "the candidate does not contain the target" };
  }
  const lane = await laneCommit(git, rig.storeDir, operation.mark);
  if (!lane.ok) return failed(lane.error);
  const offered = operation.candidateRef !== operation.landingRef;
  const laneName = laneRef(operation.landingRef);
  const pushed = await pushRefs(git, rig.storeDir, placeOf(shop, request), [
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
    target: offered ? "offered" : "moved",
  };
}

async function laneStillOurs(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"push">,
): Promise<Observation | null> {
  const lane = laneRef(operation.landingRef);
  const now = await remoteRefs(shop.git, placeOf(shop, request), [lane]);
  if (!now.ok) return failed(now.error);
  return now.refs.get(lane) === operation.expectedLane
    ? null
    : { kind: "push_refused", reason: "the lane has moved" };
}

export async function mergeCheckout(
  shop: Workshop,
  request: LandingRequest,
  { merge, expected }: OperationOf<"merge_checkout">,
): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const shape = await remoteShape(shop.git, shop.rig.remote);
  if (!shape.ok) return failed(shape.error);
  if (shape.shape.kind !== "checkout")
    return { kind: "push_refused", reason: "the checkout is gone" };
  const moved = await fastForwardCheckout(shop.git, shape.shape.workTree, shop.personHome, {
    branch: request.target,
    expected,
    merge,
  });
  if (!moved.ok) return failed(moved.error);
  if (moved.result === "merged") return { kind: "checkout_merged", merge };
  return moved.result === "moved"
    ? { kind: "push_refused", reason: moved.reason }
    : { kind: "checkout_dirty", reason: moved.reason };
}

/** Deletes what the landing leaves at its place: the run's branch if it still holds the source, and candidates laid beside a checkout. */
export async function cleanUp(shop: Workshop, request: LandingRequest): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const place = placeOf(shop, request);
  const branch = request.runBranch === null ? null : `refs/heads/${request.runBranch}`;
  const candidates = candidatePrefix(request);
  const listed = await shop.git.run({
    args: [
      "ls-remote",
      "--refs",
      "--",
      place.url,
      `${candidates}*`,
      ...(branch === null ? [] : [branch]),
    ],
    ...(place.credential === undefined
      ? {}
      : { credential: { url: place.url, secret: place.credential } }),
  });
  if (!listed.ok)
    return failed(
      mergeError("unreachable", "The run's branch could not be looked at.", "It is tried again.", {
        retryable: true,
      }),
    );
  let branchDeleted = false;
  for (const [ref, oid] of refsOf(listed.text)) {
    const ours = ref === branch ? oid === request.source : ref.startsWith(candidates);
    if (!ours) continue;
    const pushed = await pushRefs(shop.git, shop.rig.storeDir, place, [
      { ref, to: null, expected: oid },
    ]);
    if (!pushed.ok) return failed(pushed.error);
    if (ref === branch) branchDeleted = pushed.refs[0]?.state === "updated";
  }
  return { kind: "cleaned", branchDeleted };
}
