import type { Delivery } from "../works/base.ts";
import { landedBranch, safeId } from "../git/names.ts";
import type { Oid } from "../git/porcelain.ts";
import type { Attribution } from "../git/run-repo.ts";

/** One bead's reviewed work and where it is to land. */
export type LandingRequest = {
  readonly beadId: string;
  /** The merge run and its fence: what the lane is marked with. Fences increase per rig and target branch, whatever the delivery. */
  readonly runId: string;
  readonly fence: number;
  /** Who counts the fences: the rig's id, as one word of letters, digits, `.`, `_` and `-`. */
  readonly fenceIssuer: string;
  /** Becomes the first line of the merge commit. */
  readonly title: string;
  /** The reviewed head; the store has it. */
  readonly source: Oid;
  /** The base that the source was made on; null: of a withdrawal, which asks after every round, and whose source may be gone. */
  readonly sourceBase: Oid | null;
  /** Branch name of the target, such as `main`. */
  readonly target: string;
  readonly delivery: Delivery;
  /** Branch of the bead's convoy, where it lands instead of on the integration branch of the target. */
  readonly convoyBranch: string | null;
  /** Branch that carries the source where the landing happens; deleted after the proof, if it still holds the source. */
  readonly runBranch: string | null;
  /** How many landings this one brings along: those on the branch of a convoy that lands. 0: a bead's own work. */
  readonly carries: number;
  /** Only take the lane and see whether an earlier engine landed it: nothing is pushed. */
  readonly withdraw: boolean;
  readonly attribution: Attribution;
};

/** The ref that a delivery moves. */
export function landingRefOf(request: LandingRequest): string {
  return request.delivery === "merge" ? `refs/heads/${request.target}` : integrationRefOf(request);
}

/**
 * Where an earlier engine may have landed it: redirected from one ref to the other, or, of a convoy, with the
 * convoy's branch.
 */
export function landingRefsOf(request: LandingRequest): string[] {
  const { target, convoyBranch } = request;
  const own = [landingRefOf(request), integrationRefOf(request)];
  if (convoyBranch === null) return own;
  return [...own, `refs/heads/${landedBranch(target)}`, `refs/heads/${target}`];
}

/** Candidates laid beside a checkout; by bead, so that whoever lands it removes those of dead runs too. */
export function candidatePrefix(request: Pick<LandingRequest, "beadId">): string {
  return `refs/gastown/candidate/${safeId(request.beadId)}/`;
}

export function integrationRefOf(request: Pick<LandingRequest, "target" | "convoyBranch">): string {
  return `refs/heads/${request.convoyBranch ?? landedBranch(request.target)}`;
}
