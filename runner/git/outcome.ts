/** What can go wrong with a repository, as codes a person or a program can act on. */
export type GitErrorCode =
  | "unreachable"
  | "authentication"
  | "not_a_repository"
  | "empty_repository"
  | "missing_branch"
  | "shallow_repository"
  | "credential_in_url"
  | "unsupported_url"
  | "timed_out"
  | "output_limit"
  | "unknown_base"
  | "unsafe_path"
  | "not_owned"
  | "no_proof"
  | "not_saved"
  | "too_large"
  | "empty_diff"
  | "base_not_contained"
  | "wrong_branch"
  | "reserved_path"
  | "nested_link"
  | "copied_file"
  | "missing_path"
  | "branch_moved"
  | "push_refused"
  | "lane_refused"
  | "superseded"
  | "git_failed";

export type GitError = {
  readonly code: GitErrorCode;
  /** One sentence for people, without secrets. */
  readonly message: string;
  /** Whether the same call may succeed later without a change by anybody. */
  readonly retryable: boolean;
  /** What to do next, as one sentence. */
  readonly next: string;
  /** The paths the error speaks of, at most twenty. */
  readonly paths?: readonly string[];
};

export type Failure = { readonly ok: false; readonly error: GitError };
export type Outcome<T> = ({ readonly ok: true } & T) | Failure;

const pathsShownMax = 20;

/** A typed failure. `retryable` is false unless said. */
export function failure(
  code: GitErrorCode,
  message: string,
  next: string,
  more: { readonly retryable?: boolean; readonly paths?: readonly string[] } = {},
): Failure {
  const error: GitError = { code, message, next, retryable: more.retryable ?? false };
  return {
    ok: false,
    error:
      more.paths === undefined ? error : { ...error, paths: more.paths.slice(0, pathsShownMax) },
  };
}
