/** The rigs of this runner: opened once each, fetched one at a time each. */
import type { RigSpec } from "../../protocol/run-spec.ts";
import type { Holder } from "../git/access/access.ts";
import type { Git, GitRequest, GitRun } from "../git/git.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";
import type { Rigs } from "./works.ts";

export type FetchedRig = {
  readonly rig: RigRepository;
  readonly target: string;
  readonly targetOid: Oid;
};

export class RigDesk {
  readonly #rigs: Rigs;
  readonly #opened = new Map<string, Promise<Outcome<{ rig: RigRepository }>>>();
  readonly #fetches = new Map<string, Promise<unknown>>();

  constructor(rigs: Rigs) {
    this.#rigs = rigs;
  }

  /** The rig's repositories on this runner. Does not talk to the remote. */
  open({ id, remote }: Pick<RigSpec, "id" | "remote">): Promise<Outcome<{ rig: RigRepository }>> {
    const key = JSON.stringify([id, remote]);
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    // Once per start and by one at a time: two would fight for the lock of its settings.
    const opening = this.#openOnce(key, id, remote);
    this.#opened.set(key, opening);
    return opening;
  }

  /** Nothing of the rig is here any more. */
  forget({ id, remote }: Pick<RigSpec, "id" | "remote">): void {
    this.#opened.delete(JSON.stringify([id, remote]));
    this.#fetches.delete(id);
  }

  async #openOnce(
    key: string,
    rigId: string,
    remote: string,
  ): Promise<Outcome<{ rig: RigRepository }>> {
    const opened = await this.#rigs.open(rigId, remote);
    if (!opened.ok) this.#opened.delete(key);
    return opened;
  }

  /** Opens the rig and brings it up to date; `target` is named even where the rig leaves it to the remote. `run`: for which, if for one. */
  async fetch(spec: RigSpec, run: Holder | null): Promise<Outcome<FetchedRig>> {
    const before = this.#fetches.get(spec.id) ?? Promise.resolve();
    const mine = before.catch(() => null).then(() => this.#fetch(spec, run));
    this.#fetches.set(spec.id, mine);
    return mine;
  }

  async #fetch(spec: RigSpec, run: Holder | null): Promise<Outcome<FetchedRig>> {
    const opened = await this.open(spec);
    if (!opened.ok) return opened;
    const { rig } = opened;
    const target =
      spec.target === ""
        ? await this.#rigs.defaultBranch(rig, run)
        : { ok: true as const, branch: spec.target };
    if (!target.ok) return target;
    const fetched = await this.#rigs.fetch(rig, target.branch, run);
    if (!fetched.ok) return fetched;
    return { ok: true, rig, target: target.branch, targetOid: fetched.targetOid };
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
