import type { Oid } from "../git/porcelain.ts";
import type { LandingProof } from "./journal.ts";
import type { Lane, LaneMark } from "./lane.ts";
import type { LandingResult, MergeError } from "./outcome.ts";

/** One thing to do next; each is one git operation or one run of the gates. */
export type Operation =
  | { readonly kind: "read_lane"; readonly landingRef: string }
  | {
      readonly kind: "advance_lane";
      readonly landingRef: string;
      readonly expected: Oid | null;
      readonly mark: LaneMark;
    }
  /** Takes back what dead engines laid beside a checkout and did not move it to. */
  | { readonly kind: "drop_candidates" }
  | { readonly kind: "read_target"; readonly landingRef: string; readonly merges: readonly Oid[] }
  | {
      readonly kind: "integrate";
      readonly tip: Oid | null;
      readonly target: Oid;
      readonly landingRef: string;
    }
  | { readonly kind: "run_gates"; readonly merge: Oid; readonly tree: Oid }
  | {
      readonly kind: "push";
      readonly landingRef: string;
      readonly candidateRef: string;
      readonly expected: Oid | null;
      readonly merge: Oid;
      readonly expectedLane: Oid;
      readonly mark: LaneMark;
    }
  | {
      readonly kind: "merge_checkout";
      readonly candidateRef: string;
      readonly merge: Oid;
      readonly expected: Oid;
    }
  | {
      readonly kind: "prove";
      readonly landingRef: string;
      readonly merge: Oid;
      /** What has landed, where that is not the source of this request. */
      readonly source?: Oid;
      readonly method: LandingProof["method"];
    }
  | { readonly kind: "clean_up" }
  | { readonly kind: "finish"; readonly result: LandingResult };

/** What came of an operation. `failed` says that nothing is known of what it did. */
export type Observation =
  | { readonly kind: "started" }
  | { readonly kind: "lane_read"; readonly lane: Lane }
  | { readonly kind: "lane_advanced"; readonly oid: Oid }
  | { readonly kind: "lane_refused"; readonly reason: string }
  | { readonly kind: "candidates_dropped" }
  | {
      readonly kind: "target_read";
      readonly tip: Oid | null;
      readonly target: Oid;
      readonly checkout: "none" | "clean" | "dirty";
    }
  | {
      readonly kind: "landed_before";
      readonly merge: Oid;
      readonly method: LandingProof["method"];
      readonly landedOn: string;
    }
  | { readonly kind: "landed_otherwise"; readonly merge: Oid; readonly source: Oid }
  | { readonly kind: "integrated"; readonly onto: Oid; readonly merge: Oid; readonly tree: Oid }
  | { readonly kind: "conflict"; readonly files: readonly string[] }
  | { readonly kind: "gates_green"; readonly tree: Oid }
  | { readonly kind: "gates_red"; readonly log: string }
  | {
      readonly kind: "pushed";
      readonly merge: Oid;
      readonly lane: Oid;
      /** Where it lies until the checkout is moved to it; null: the landing ref holds it. */
      readonly offeredAs: string | null;
    }
  | { readonly kind: "push_refused"; readonly reason: string }
  /** The remote will not have it, whatever its refs hold. */
  | { readonly kind: "push_denied"; readonly reason: string }
  | { readonly kind: "checkout_merged"; readonly merge: Oid }
  | { readonly kind: "checkout_dirty"; readonly reason: string }
  | { readonly kind: "proved"; readonly proof: LandingProof }
  | { readonly kind: "cleaned"; readonly branchDeleted: boolean }
  | { readonly kind: "failed"; readonly error: MergeError };
