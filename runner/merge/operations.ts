import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import type { RemoteShape } from "../git/remote.ts";
import { trackedRef } from "../works/base.ts";
import { makeCandidate } from "./candidate.ts";
import { advanceLane, readLane } from "./lane.ts";
import { findLanding } from "./landing-lookup.ts";
import type { Observation, Operation } from "./operation.ts";
import { mergeError } from "./outcome.ts";
import { cleanUp, dropCandidates, mergeCheckout, push } from "./publish.ts";
import { landingRefsOf, type LandingRequest } from "./request.ts";
import {
  failed,
  laneFailure,
  type OperationOf,
  placeOf,
  withAuthority,
  type Workshop,
} from "./workshop.ts";

/** Performs one operation and says what was seen. Throws only on a bug. */
export async function perform(
  shop: Workshop,
  request: LandingRequest,
  operation: Exclude<Operation, { kind: "finish" }>,
): Promise<Observation> {
  switch (operation.kind) {
    case "read_lane": {
      const read = await readLane(
        shop.works,
        shop.rig,
        placeOf(shop, request),
        operation.landingRef,
      );
      return read.ok ? { kind: "lane_read", lane: read.lane } : laneFailure(read.error);
    }
    case "advance_lane":
      return await advance(shop, request, operation);
    case "drop_candidates":
      return await dropCandidates(shop, request);
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

async function advance(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"advance_lane">,
): Promise<Observation> {
  const refused = await withAuthority(shop);
  if (refused !== null) return refused;
  const { landingRef, expected, mark } = operation;
  const advanced = await advanceLane(shop.works, shop.rig, placeOf(shop, request), landingRef, {
    expected,
    mark,
  });
  return advanced.ok ? { kind: "lane_advanced", oid: advanced.oid } : laneFailure(advanced.error);
}

async function readTarget(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"read_target">,
): Promise<Observation> {
  const { works, rig } = shop;
  const fetched = await works.rigs.fetch(rig, request.target, shop.holder);
  if (!fetched.ok) return failed(fetched.error);
  for (const ref of new Set([operation.landingRef, ...landingRefsOf(request)])) {
    const tip = await tipOf(shop, request, ref);
    if (!tip.ok) return failed(tip.error);
    if (tip.oid === null) continue;
    const found = await findLanding(works.history, rig, request, tip.oid, operation.merges);
    if (!found.ok) return failed(found.error);
    const { landing } = found;
    if (landing.kind === "landed")
      return { kind: "landed_before", merge: landing.merge, method: landing.method, landedOn: ref };
    if (landing.kind === "other" && ref === operation.landingRef)
      return { kind: "landed_otherwise", merge: landing.merge, source: landing.source };
  }
  const brought = await landedInTarget(shop, request, operation, fetched.targetOid);
  if (brought !== null) return brought;
  const tip = await tipOf(shop, request, operation.landingRef);
  if (!tip.ok) return failed(tip.error);
  const checkout = await inCheckout(shop, request, operation.landingRef, fetched.shape);
  return { kind: "target_read", tip: tip.oid, target: fetched.targetOid, checkout };
}

/**
 * What lands beside the target brings the target along: other work of this bead that has landed there (in a town whose
 * data was put back since, for instance) would be in the candidate twice. Null: there is none.
 */
async function landedInTarget(
  { works, rig }: Workshop,
  request: LandingRequest,
  { landingRef, merges }: OperationOf<"read_target">,
  targetOid: Oid,
): Promise<Observation | null> {
  if (request.withdraw || landingRef === `refs/heads/${request.target}`) return null;
  const found = await findLanding(works.history, rig, request, targetOid, merges);
  if (!found.ok) return failed(found.error);
  const { landing } = found;
  if (landing.kind !== "other") return null;
  return { kind: "landed_otherwise", merge: landing.merge, source: landing.source };
}

async function tipOf(
  shop: Workshop,
  request: LandingRequest,
  ref: string,
): Promise<Outcome<{ oid: Oid | null }>> {
  return await shop.works.history.readRef(
    shop.rig,
    trackedRef(ref, request.delivery === "none" ? "store" : "remote"),
  );
}

async function inCheckout(
  shop: Workshop,
  request: LandingRequest,
  landingRef: string,
  shape: RemoteShape,
): Promise<"none" | "clean" | "dirty"> {
  if (
    request.delivery === "none" ||
    shape.kind !== "checkout" ||
    landingRef !== `refs/heads/${shape.branch ?? ""}`
  )
    return "none";
  return await shop.works.checkouts.state(shape.workTree);
}

async function integrate(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"integrate">,
): Promise<Observation> {
  const { tip, target } = operation;
  const made = await makeCandidate(shop.works.history, shop.rig, request, {
    tip,
    target,
    nowMs: shop.clock.now(),
  });
  if (!made.ok) return failed(made.error);
  const { candidate } = made;
  if (candidate.kind === "conflict") return { kind: "conflict", files: candidate.files };
  return { kind: "integrated", onto: candidate.onto, merge: candidate.merge, tree: candidate.tree };
}

async function runGates(
  shop: Workshop,
  { merge, tree }: OperationOf<"run_gates">,
): Promise<Observation> {
  const result = await shop.gates.run({ merge, tree });
  switch (result.kind) {
    case "green":
      return { kind: "gates_green", tree };
    case "red":
      return { kind: "gates_red", log: result.log };
    case "infra":
      return failed(
        mergeError(
          "gates_infra",
          `The gates could not be run: ${result.message}`,
          "It is tried again.",
          { retryable: true },
        ),
      );
  }
}

async function prove(
  shop: Workshop,
  request: LandingRequest,
  operation: OperationOf<"prove">,
): Promise<Observation> {
  const { works, rig } = shop;
  const fetched = await works.rigs.fetch(rig, request.target, shop.holder);
  if (!fetched.ok) return failed(fetched.error);
  const tip = await tipOf(shop, request, operation.landingRef);
  if (!tip.ok) return failed(tip.error);
  const notThere = () =>
    failed(
      mergeError(
        "not_proved",
        `${operation.landingRef} does not contain ${operation.merge}.`,
        "It is looked at again; somebody may have moved the branch back.",
        { retryable: true },
      ),
    );
  if (tip.oid === null) return notThere();
  const source = operation.source ?? request.source;
  for (const oid of [operation.merge, source]) {
    const within = await works.history.isAncestor(rig, oid, tip.oid);
    if (!within.ok) return failed(within.error);
    if (!within.yes) return notThere();
  }
  const { method, merge, landingRef } = operation;
  return {
    kind: "proved",
    proof: { method, source, merge, target: tip.oid, landedOn: landingRef },
  };
}
