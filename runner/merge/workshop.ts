import type { TimeSource } from "../clock.ts";
import type { Holder } from "../git/access/access.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { GitError } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import { type Place, remotePlace } from "../git/push.ts";
import type { Works } from "../works/works.ts";
import type { Observation, Operation } from "./operation.ts";
import { type MergeError, mergeError } from "./outcome.ts";
import type { LandingRequest } from "./request.ts";

export type GatesResult =
  | { readonly kind: "green" }
  | { readonly kind: "red"; readonly log: string }
  /** The gates could not be run: nothing is said about the tree. */
  | { readonly kind: "infra"; readonly message: string };

/** Runs the rig's gates on a commit of the store. */
export type GatesPort = {
  run(candidate: { readonly merge: Oid; readonly tree: Oid }): Promise<GatesResult>;
};

/** What a landing works with. */
export type Workshop = {
  readonly works: Works;
  readonly rig: RigRepository;
  readonly gates: GatesPort;
  /** The run that lands. */
  readonly holder?: Holder;
  readonly clock: Pick<TimeSource, "now">;
  /** Whether the run still holds its lease and fence; asked before everything that writes outside. */
  readonly authority: () => Promise<boolean>;
};

export type OperationOf<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;

/** Deliveries that reach no remote land in the store, by the same pushes. */
export function placeOf(shop: Workshop, request: LandingRequest): Place {
  if (request.delivery === "none") return { url: shop.rig.storeDir };
  return remotePlace(shop.rig, "merge", shop.holder ?? null);
}

export function failed(error: GitError | MergeError): Observation {
  return { kind: "failed", error };
}

export function laneFailure(error: GitError): Observation {
  return error.code === "lane_refused" && error.retryable
    ? { kind: "lane_refused", reason: error.message }
    : failed(error);
}

export async function withAuthority(shop: Workshop): Promise<Observation | null> {
  if (await shop.authority()) return null;
  return failed(
    mergeError(
      "no_authority",
      "This run may not write outside any more.",
      "A newer run lands the work, or this one after its lease is renewed.",
      { retryable: true },
    ),
  );
}
