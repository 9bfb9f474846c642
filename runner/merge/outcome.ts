import type { GitError } from "../git/outcome.ts";
import type { LandingProof } from "./journal.ts";

export type MergeErrorCode =
  | GitError["code"]
  | "conflict"
  | "gates_red"
  | "withdrawn"
  | "gates_infra"
  | "target_keeps_moving"
  | "already_landed"
  | "not_proved"
  | "no_authority";

export type MergeError = {
  /** One of `MergeErrorCode`. */
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly next: string;
  /** The files in conflict. */
  readonly files?: readonly string[] | undefined;
  /** What the red gates printed, shortened by who ran them. */
  readonly log?: string | undefined;
};

export type Landed = {
  readonly ok: true;
  readonly proof: LandingProof;
  /** Whether the run's branch was deleted at the place of the landing. */
  readonly branchDeleted: boolean;
  /** What a person runs in their checkout to have the landing, where it could not be touched. */
  readonly command: string | null;
};

export type LandingResult = Landed | { readonly ok: false; readonly error: MergeError };

export function mergeError(
  code: MergeErrorCode,
  message: string,
  next: string,
  more: { retryable?: boolean; files?: readonly string[]; log?: string } = {},
): MergeError & { files?: string[] } {
  return {
    code,
    message,
    next,
    retryable: more.retryable ?? false,
    ...(more.files === undefined ? {} : { files: [...more.files] }),
    ...(more.log === undefined ? {} : { log: more.log }),
  };
}
