/** The rigs of this runner: opened once each, fetched one at a time each. */
import type { RigSpec } from "../../protocol/run-spec.ts";
import type { Git, GitRequest, GitRun } from "../git/git.ts";
import { gitNetworkTimeoutMs } from "../git/git.ts";
import { gitFailed, remoteFailed } from "../git/git-errors.ts";
import { fetchRig, openRig, type RigRepository } from "../git/mirror.ts";
import { failure, type Outcome } from "../git/outcome.ts";
import type { OwnedRoot } from "../git/paths.ts";
import type { Oid } from "../git/porcelain.ts";
import { parseRemote, type Remote } from "../git/remote.ts";

export type FetchedRig = {
  readonly rig: RigRepository;
  readonly target: string;
  readonly targetOid: Oid;
};

export class RigDesk {
  readonly #git: Git;
  readonly #root: OwnedRoot;
  readonly #opened = new Map<string, Promise<Outcome<{ rig: RigRepository }>>>();
  readonly #fetches = new Map<string, Promise<unknown>>();

  constructor(git: Git, root: OwnedRoot) {
    this.#git = git;
    this.#root = root;
  }

  /** The rig's repositories on this runner. Does not talk to the remote. */
  async open(spec: RigSpec): Promise<Outcome<{ rig: RigRepository }>> {
    const parsed = await parseRemote(spec.remote);
    if (!parsed.ok) return parsed;
    const key = JSON.stringify([spec.id, parsed.remote.url]);
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    // Once per start and by one at a time: two would fight for the lock of its settings.
    const opening = this.#openOnce(key, spec.id, parsed.remote);
    this.#opened.set(key, opening);
    return opening;
  }

  async #openOnce(
    key: string,
    rigId: string,
    remote: Remote,
  ): Promise<Outcome<{ rig: RigRepository }>> {
    const opened = await openRig(this.#git, this.#root, rigId, remote);
    if (!opened.ok) this.#opened.delete(key);
    return opened;
  }

  /** Opens the rig and brings it up to date; `target` is named even where the rig leaves it to the remote. */
  async fetch(spec: RigSpec): Promise<Outcome<FetchedRig>> {
    const before = this.#fetches.get(spec.id) ?? Promise.resolve();
    const mine = before.catch(() => null).then(() => this.#fetch(spec));
    this.#fetches.set(spec.id, mine);
    return mine;
  }

  async #fetch(spec: RigSpec): Promise<Outcome<FetchedRig>> {
    const opened = await this.open(spec);
    if (!opened.ok) return opened;
    const target =
      spec.target === ""
        ? await this.#defaultBranch(opened.rig)
        : { ok: true as const, branch: spec.target };
    if (!target.ok) return target;
    const fetched = await fetchRig(this.#git, opened.rig, target.branch);
    if (!fetched.ok) return fetched;
    return { ok: true, rig: opened.rig, target: target.branch, targetOid: fetched.targetOid };
  }

  /** The branch a clone of the remote would check out. */
  async #defaultBranch(rig: RigRepository): Promise<Outcome<{ branch: string }>> {
    const { url } = rig.remote;
    const run = await this.#git.run({
      args: ["ls-remote", "--symref", "--", url, "HEAD"],
      timeoutMs: gitNetworkTimeoutMs,
    });
    if (!run.ok) return remoteFailed(run, url, "reading");
    const branch = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(run.text)?.[1];
    if (branch !== undefined) return { ok: true, branch };
    return failure(
      "empty_repository",
      `${url} has no commit on its default branch.`,
      "Make a first commit and push it, or name the rig's target.",
    );
  }
}

/** Lets one fetch at a time into each repository: two would fight for the locks of its refs. */
export function oneFetchAtATime(git: Git): Git {
  const turns = new Map<string, Promise<unknown>>();
  return {
    run: (request) => {
      const { gitDir } = request;
      if (request.args[0] !== "fetch" || gitDir === undefined) return git.run(request);
      const mine = inTurn(turns.get(gitDir), git, request);
      turns.set(gitDir, mine);
      return mine;
    },
  };
}

async function inTurn(
  before: Promise<unknown> | undefined,
  git: Git,
  request: GitRequest,
): Promise<GitRun> {
  await before?.catch(() => null);
  return git.run(request);
}

/** Reads one value that git prints, such as a tree's oid. */
export async function gitText(
  git: Git,
  gitDir: string,
  args: readonly string[],
  doing: string,
): Promise<Outcome<{ text: string }>> {
  const run = await git.run({ gitDir, args });
  return run.ok ? { ok: true, text: run.text.trim() } : gitFailed(run, doing);
}
