import { trackedRef } from "../git/base.ts";
import type { Credential, Git } from "../git/git.ts";
import { advanceLane, laneCommit, readLane } from "../git/lane.ts";
import { fetchRig, isAncestor, readRef, type RigRepository } from "../git/mirror.ts";
import { laneRef } from "../git/names.ts";
import type { GitError, Outcome } from "../git/outcome.ts";
import { type Oid, refsOf } from "../git/porcelain.ts";
import { onlyMoved, type Place, pushRefs, refusalOf, remoteRefs } from "../git/push.ts";
import { type RemoteShape, remoteShape } from "../git/remote.ts";
import { makeCandidate } from "./candidate.ts";
import { checkoutState, fastForwardCheckout } from "./checkout.ts";
import { findLanding } from "./landing-lookup.ts";
import { type MergeError, mergeError } from "./outcome.ts";
import { candidatePrefix, integrationRefOf, landingRefOf, type LandingRequest } from "./request.ts";
import type { Observation, Operation } from "./steps.ts";

export type GatesResult =
  | { readonly kind: "green" }
  | { readonly kind: "red"; readonly log: string }
  /** The gates could not be run: nothing is said about the tree. */
  | { readonly kind: "infra"; readonly message: string };

/** Runs the rig's gates on a commit of the store. */
export type GatesPort = { run(candidate: { readonly merge: Oid; readonly tree: Oid }): Promise<GatesResult> };

/** What a landing works with. */
export type Workshop = {
  readonly git: Git;
  readonly rig: RigRepository;
  readonly gates: GatesPort;
  readonly credential?: Credential;
  readonly clock: { nowMs(): number };
  /** Whether the run still holds its lease and fence; asked before everything that writes outside. */
  readonly authority: () => Promise<boolean>;
  /** Home of the person whose checkout a local remote is: their git settings count in it. */
  readonly personHome: string;
};

type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

/** Performs one operation and says what was seen. Throws only on a bug. */
export async function perform(shop: Workshop, request: LandingRequest, operation: Exclude<Operation, { kind: "finish" }>): Promise<Observation> {
  switch (operation.kind) {
    case "read_lane": {
      const read = await readLane(shop.git, shop.rig.storeDir, placeOf(shop, request), operation.landingRef);
      return read.ok ? { kind: "lane_read", lane: read.lane } : laneFailure(read.error);
    }
    case "advance_lane":
      return await advance(shop, request, operation);
    case "read_target":
      return await readTarget(shop, request, operation);
    case "integrate":
      return await integrate(shop, request, operation);
    case "run_gates":
      return await runGates(shop, operation);
    case "push":
      return await push(shop, request, operation);
    case "merge_checkout":
      return await mergeCheckout(shop, request, operation);
    case "prove":
      return await prove(shop, request, operation);
    case "clean_up":
      return await cleanUp(shop, request);
  }
}

/** Deliveries that reach no remote land in the store, by the same pushes. */
function placeOf(shop: Workshop, request: LandingRequest): Place {
  if (request.delivery === "none") return { url: shop.rig.storeDir };
  return shop.credential === undefined ? { url: shop.rig.remote.url } : { url: shop.rig.remote.url, credential: shop.credential };
}

function failed(error: GitError | MergeError): Observation {
  return { kind: "failed", error };
}

function laneFailure(error: GitError): Observation {
  return error.code === "lane_refused" && error.retryable ? { kind: "lane_refused", reason: error.message } : failed(error);
}

async function withAuthority(shop: Workshop): Promise<Observation | null> {
  if (await shop.authority()) return null;
  return failed(mergeError("no_authority", "This run may not write outside any more.", "A newer run lands the work, or this one after its lease is renewed.", { retryable: true }));
}

async function advance(shop: Workshop, request: LandingRequest, operation: OperationOf<"advance_lane">): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const { landingRef, expected, mark } = operation;
  const advanced = await advanceLane(shop.git, shop.rig.storeDir, placeOf(shop, request), landingRef, expected, mark);
  return advanced.ok ? { kind: "lane_advanced", oid: advanced.oid } : laneFailure(advanced.error);
}

async function readTarget(shop: Workshop, request: LandingRequest, operation: OperationOf<"read_target">): Promise<Observation> {
  const { git, rig } = shop;
  const fetched = await fetchRig(git, rig, request.target, shop.credential);
  if (!fetched.ok) return failed(fetched.error);
  // Both refs are asked: an earlier attempt may have been redirected from one to the other.
  for (const ref of new Set([operation.landingRef, landingRefOf(request), integrationRefOf(request)])) {
    const tip = await tipOf(shop, request, ref);
    if (!tip.ok) return failed(tip.error);
    if (tip.oid === null) continue;
    const found = await findLanding(git, rig.storeDir, request, tip.oid, operation.merges);
    if (!found.ok) return failed(found.error);
    const { landing } = found;
    if (landing.kind === "landed") return { kind: "landed_before", merge: landing.merge, method: landing.method, landedOn: ref };
    if (landing.kind === "other" && ref === operation.landingRef) return { kind: "landed_otherwise", merge: landing.merge };
  }
  const tip = await tipOf(shop, request, operation.landingRef);
  if (!tip.ok) return failed(tip.error);
  const checkout = await inCheckout(shop, request, operation.landingRef, fetched.shape);
  return { kind: "target_read", tip: tip.oid, target: fetched.targetOid, checkout };
}

async function tipOf(shop: Workshop, request: LandingRequest, ref: string): Promise<Outcome<{ oid: Oid | null }>> {
  return await readRef(shop.git, shop.rig.storeDir, trackedRef(ref, request.delivery === "none" ? "store" : "remote"));
}

async function inCheckout(shop: Workshop, request: LandingRequest, landingRef: string, shape: RemoteShape): Promise<"none" | "clean" | "dirty"> {
  if (request.delivery === "none" || shape.kind !== "checkout" || landingRef !== `refs/heads/${shape.branch ?? ""}`) return "none";
  return await checkoutState(shop.git, shape.workTree, shop.personHome);
}

async function integrate(shop: Workshop, request: LandingRequest, operation: OperationOf<"integrate">): Promise<Observation> {
  const { tip, target } = operation;
  const made = await makeCandidate(shop.git, shop.rig.storeDir, request, { tip, target, nowMs: shop.clock.nowMs() });
  if (!made.ok) return failed(made.error);
  const { candidate } = made;
  if (candidate.kind === "conflict") return { kind: "conflict", files: candidate.files };
  return { kind: "integrated", onto: candidate.onto, merge: candidate.merge, tree: candidate.tree };
}

async function runGates(shop: Workshop, { merge, tree }: OperationOf<"run_gates">): Promise<Observation> {
  const result = await shop.gates.run({ merge, tree });
  switch (result.kind) {
    case "green":
      return { kind: "gates_green", tree };
    case "red":
      return { kind: "gates_red", log: result.log };
    case "infra":
      return failed(mergeError("gates_infra", `The gates could not be run: ${result.message}`, "It is tried again.", { retryable: true }));
  }
}

async function push(shop: Workshop, request: LandingRequest, operation: OperationOf<"push">): Promise<Observation> {
  const { git, rig } = shop;
  const refused = (await withAuthority(shop)) ?? (await laneStillOurs(shop, request, operation));
  if (refused !== null) return refused;
  // A lease allows what is no fast-forward, so that is asked here.
  if (operation.expected !== null) {
    const forward = await isAncestor(git, rig.storeDir, operation.expected, operation.merge);
    if (!forward.ok) return failed(forward.error);
    if (!forward.yes) return { kind: "push_refused", reason: "the candidate does not contain the target" };
  }
  const lane = await laneCommit(git, rig.storeDir, operation.mark);
  if (!lane.ok) return failed(lane.error);
  const offered = operation.candidateRef !== operation.landingRef;
  const laneName = laneRef(operation.landingRef);
  const pushed = await pushRefs(git, rig.storeDir, placeOf(shop, request), [
    { ref: operation.candidateRef, to: operation.merge, expected: offered ? null : operation.expected },
    { ref: laneName, to: lane.oid, expected: operation.expectedLane },
  ]);
  if (!pushed.ok) return failed(pushed.error);
  if (pushed.refs.some(({ state }) => state !== "updated")) {
    const reason = refusalOf(pushed.refs);
    return onlyMoved(pushed.refs) ? { kind: "push_refused", reason } : { kind: "push_denied", reason };
  }
  return { kind: "pushed", merge: operation.merge, lane: lane.oid, target: offered ? "offered" : "moved" };
}

async function laneStillOurs(shop: Workshop, request: LandingRequest, operation: OperationOf<"push">): Promise<Observation | null> {
  const lane = laneRef(operation.landingRef);
  const now = await remoteRefs(shop.git, placeOf(shop, request), [lane]);
  if (!now.ok) return failed(now.error);
  return now.refs.get(lane) === operation.expectedLane ? null : { kind: "push_refused", reason: "the lane has moved" };
}

async function mergeCheckout(shop: Workshop, request: LandingRequest, { merge, expected }: OperationOf<"merge_checkout">): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const shape = await remoteShape(shop.git, shop.rig.remote);
  if (!shape.ok) return failed(shape.error);
  if (shape.shape.kind !== "checkout") return { kind: "push_refused", reason: "the checkout is gone" };
  const moved = await fastForwardCheckout(shop.git, shape.shape.workTree, shop.personHome, { branch: request.target, expected, merge });
  if (!moved.ok) return failed(moved.error);
  if (moved.result === "merged") return { kind: "checkout_merged", merge };
  return moved.result === "moved" ? { kind: "push_refused", reason: moved.reason } : { kind: "checkout_dirty", reason: moved.reason };
}

async function prove(shop: Workshop, request: LandingRequest, operation: OperationOf<"prove">): Promise<Observation> {
  const { git, rig } = shop;
  const fetched = await fetchRig(git, rig, request.target, shop.credential);
  if (!fetched.ok) return failed(fetched.error);
  const tip = await tipOf(shop, request, operation.landingRef);
  if (!tip.ok) return failed(tip.error);
  const notThere = () =>
    failed(mergeError("not_proved", `${operation.landingRef} does not contain ${operation.merge}.`, "It is looked at again; somebody may have moved the branch back.", { retryable: true }));
  if (tip.oid === null) return notThere();
  for (const oid of [operation.merge, request.source]) {
    const within = await isAncestor(git, rig.storeDir, oid, tip.oid);
    if (!within.ok) return failed(within.error);
    if (!within.yes) return notThere();
  }
  const { method, merge, landingRef } = operation;
  return { kind: "proved", proof: { method, source: request.source, merge, target: tip.oid, landedOn: landingRef } };
}

/** Deletes what the landing leaves at its place: the run's branch if it still holds the source, and candidates laid beside a checkout. */
async function cleanUp(shop: Workshop, request: LandingRequest): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const place = placeOf(shop, request);
  const branch = request.runBranch === null ? null : `refs/heads/${request.runBranch}`;
  const candidates = candidatePrefix(request);
  const listed = await shop.git.run({
    args: ["ls-remote", "--refs", "--", place.url, `${candidates}*`, ...(branch === null ? [] : [branch])],
    ...(place.credential === undefined ? {} : { credential: { url: place.url, secret: place.credential } }),
  });
  if (!listed.ok) return failed(mergeError("unreachable", "The run's branch could not be looked at.", "It is tried again.", { retryable: true }));
  let branchDeleted = false;
  for (const [ref, oid] of refsOf(listed.text)) {
    const ours = ref === branch ? oid === request.source : ref.startsWith(candidates);
    if (!ours) continue;
    const pushed = await pushRefs(shop.git, shop.rig.storeDir, place, [{ ref, to: null, expected: oid }]);
    if (!pushed.ok) return failed(pushed.error);
    if (ref === branch) branchDeleted = pushed.refs[0]?.state === "updated";
  }
  return { kind: "cleaned", branchDeleted };
}
