import type { Delivery } from "../git/base.ts";
import { landedBranch } from "../git/names.ts";
import type { Oid } from "../git/porcelain.ts";
import type { Attribution } from "../git/run-repo.ts";

/** One bead's reviewed work and where it is to land. */
export type LandingRequest = {
  readonly beadId: string;
  /** The merge run and its fence: what the lane is marked with. */
  readonly runId: string;
  readonly fence: number;
  /** Becomes the first line of the merge commit. */
  readonly title: string;
  /** The reviewed head; the store has it. */
  readonly source: Oid;
  /** The base that the source was made on. */
  readonly sourceBase: Oid;
  /** Branch name of the target, such as `main`. */
  readonly target: string;
  readonly delivery: Delivery;
  /** Branch that carries the source where the landing happens; deleted after the proof, if it still holds the source. */
  readonly runBranch: string | null;
  readonly attribution: Attribution;
};

/** The ref that a delivery moves. */
export function landingRefOf(request: LandingRequest): string {
  return request.delivery === "merge" ? `refs/heads/${request.target}` : integrationRefOf(request);
}

export function integrationRefOf(request: Pick<LandingRequest, "target">): string {
  return `refs/heads/${landedBranch(request.target)}`;
}
