import type { Access, Holder } from "./access/access.ts";
import { type Git, type GitRequest, gitNetworkTimeoutMs } from "./git.ts";
import { remoteFailed } from "./git-errors.ts";
import type { RigRepository } from "./mirror.ts";
import type { Outcome } from "./outcome.ts";
import { type Oid, type PushedRef, pushedRefs, refsOf } from "./porcelain.ts";

/** A repository that refs are pushed to and read from. Only a remote needs an access. */
export type Place = { readonly url: string; readonly access?: Access };

/** The rig's own repository, for one purpose of one run. */
export function remotePlace(
  { rigId, remote }: Pick<RigRepository, "rigId" | "remote">,
  use: Access["use"],
  run: Holder | null,
): Place {
  return { url: remote.url, access: { rigId, use, run } };
}

export type RefUpdate = {
  readonly ref: string;
  /** Null deletes it. */
  readonly to: Oid | null;
  /** The value it must have now; null: it must not exist. */
  readonly expected: Oid | null;
};

/**
 * Pushes ref updates, all or none, each only if the ref has its expected value. The result is what the
 * remote said of each ref; an error means that nothing is known of what it did. A lease also forces
 * what is no fast-forward: the caller checks ancestry.
 */
export async function pushRefs(
  git: Git,
  gitDir: string,
  place: Place,
  updates: readonly RefUpdate[],
): Promise<Outcome<{ refs: PushedRef[] }>> {
  const run = await git.run({
    gitDir,
    args: [
      ...[
        "push",
        "--porcelain",
        "--atomic",
        "--no-verify",
        "--no-follow-tags",
        "--recurse-submodules=no",
      ],
      ...updates.map(({ ref, expected }) => `--force-with-lease=${ref}:${expected ?? ""}`),
      ...["--", place.url],
      ...updates.map(({ ref, to }) => `${to ?? ""}:${ref}`),
    ],
    timeoutMs: gitNetworkTimeoutMs,
    ...accessTo(place),
  });
  const refs = pushedRefs(run.text).filter((line) => updates.some(({ ref }) => ref === line.ref));
  if (refs.length === updates.length) return { ok: true, refs };
  return remoteFailed(run, place.url, "pushing to");
}

// git's own words for "the ref is not what you think it is", from the lease here and from the lock there.
const movedWords =
  /stale info|fetch first|non-fast-forward|already exists|failed to update|failed to lock|cannot lock|incorrect old value/i;

/** Whether refused lines say only that a ref moved: then the same push may succeed after a new look. */
export function onlyMoved(refs: readonly PushedRef[]): boolean {
  // `same` on a leased ref: somebody has pushed this very value, or the lease was not checked at all.
  const refused = refs.filter(
    ({ state, reason }) => state !== "updated" && !/atomic/i.test(reason),
  );
  return refused.every(({ state, reason }) => state === "same" || movedWords.test(reason));
}

/** What the remote said of the refs it did not update. */
export function refusalOf(refs: readonly PushedRef[]): string {
  return refs
    .flatMap(({ ref, state, reason }) =>
      state === "updated" ? [] : [`${ref}: ${state === "same" ? "[up to date]" : reason}`],
    )
    .join("; ");
}

/** The values of the named refs at a remote; absent ones are absent from the map. */
export async function remoteRefs(
  git: Git,
  place: Place,
  names: readonly string[],
): Promise<Outcome<{ refs: Map<string, Oid> }>> {
  const run = await git.run({
    args: ["ls-remote", "--refs", "--", place.url, ...names],
    timeoutMs: gitNetworkTimeoutMs,
    ...accessTo(place),
  });
  if (!run.ok) return remoteFailed(run, place.url, "reading");
  // A name given to ls-remote is a pattern that also matches the end of longer names.
  const refs = refsOf(run.text);
  return { ok: true, refs: new Map([...refs].filter(([name]) => names.includes(name))) };
}

export function accessTo({ url, access }: Place): Pick<GitRequest, "access"> {
  return access === undefined ? {} : { access: { url, ...access } };
}
