import { stat } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { hasAnswered, type Git } from "./git.ts";
import { gitFailed } from "./git-errors.ts";
import { failure, type Outcome } from "./outcome.ts";

/** Where a rig's repository is: an address, or a folder on this host. */
export type Remote = { readonly url: string; readonly kind: "path" | "url" };

/**
 * Reads what a person typed as a repository. Never asks the network.
 * Errors: `credential_in_url`, `unsupported_url`, `not_a_repository` (no such folder).
 */
export async function parseRemote(text: string): Promise<Outcome<{ remote: Remote }>> {
  const value = text.trim();
  if (/^https?:\/\//i.test(value)) return parseHttp(value);
  if (/^ssh:\/\/[^-]/i.test(value)) return { ok: true, remote: { url: value, kind: "url" } };
  if (/^(?:[A-Za-z0-9_][\w.-]*@)?[A-Za-z0-9][\w.-]*:(?!\/\/)[^\0\s]+$/.test(value))
    return { ok: true, remote: { url: value, kind: "url" } };
  const path = value.startsWith("file://")
    ? decodeURIComponent(value.slice("file://".length))
    : value;
  if (!isAbsolute(path)) {
    return failure(
      "unsupported_url",
      `${value} is neither an absolute path nor an http(s) or ssh address.`,
      "Give the full path or address of the repository.",
    );
  }
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isDirectory()) {
    return failure(
      "not_a_repository",
      `There is no folder ${path} on this host.`,
      "Check the path; it must exist where the runner works.",
    );
  }
  return { ok: true, remote: { url: path, kind: "path" } };
}

function parseHttp(value: string): Outcome<{ remote: Remote }> {
  if (!URL.canParse(value))
    return failure(
      "unsupported_url",
      "This address cannot be read.",
      "Copy the address from the code host.",
    );
  const url = new URL(value);
  if (url.username !== "" || url.password !== "") {
    return failure(
      "credential_in_url",
      "The address carries a user name or a password.",
      "Give the address without them, and the credential apart.",
    );
  }
  return { ok: true, remote: { url: value, kind: "url" } };
}

export type RemoteShape =
  | { readonly kind: "bare" }
  | { readonly kind: "remote" }
  | { readonly kind: "checkout"; readonly workTree: string; readonly branch: string | null };

/** What lies at a remote: an address, a bare repository on disk, or a checkout with the branch it is on. */
export async function remoteShape(
  git: Git,
  remote: Remote,
): Promise<Outcome<{ shape: RemoteShape }>> {
  if (remote.kind === "url") return { ok: true, shape: { kind: "remote" } };
  const run = await git.run({
    args: ["-C", remote.url, "rev-parse", "--is-bare-repository", "--is-shallow-repository"],
  });
  if (!hasAnswered(run)) return gitFailed(run, `looking at ${remote.url}`);
  if (!run.ok) {
    return failure(
      "not_a_repository",
      `${remote.url} is not a git repository.`,
      "Run `git init` there, or give another folder.",
    );
  }
  const [bare, shallow] = run.text.trim().split("\n");
  if (shallow === "true") {
    return failure(
      "shallow_repository",
      `${remote.url} has a cut history.`,
      "Run `git fetch --unshallow` in it, or give its origin.",
    );
  }
  if (bare === "true") return { ok: true, shape: { kind: "bare" } };
  const top = await git.run({ args: ["-C", remote.url, "rev-parse", "--show-toplevel"] });
  if (!hasAnswered(top)) return gitFailed(top, `looking at ${remote.url}`);
  const workTree = top.text.replace(/\n$/, "");
  if (!top.ok || workTree === "") {
    return failure(
      "not_a_repository",
      `${remote.url} is inside a repository, not its folder.`,
      "Give the top folder of the checkout.",
    );
  }
  const head = await git.run({ args: ["-C", remote.url, "symbolic-ref", "-q", "HEAD"] });
  if (!hasAnswered(head)) return gitFailed(head, `reading the branch of ${remote.url}`);
  const branch = head.ok ? head.text.trim().replace(/^refs\/heads\//, "") : null;
  return { ok: true, shape: { kind: "checkout", workTree, branch } };
}
