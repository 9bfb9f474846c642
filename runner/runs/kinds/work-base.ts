/** What a work run begins from: a fresh base that holds every landed parent, and saved work carried onto it. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { RigRepository } from "../../git/mirror.ts";
import type { Works } from "../../works/works.ts";
import type { GitError, Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import { remotePlace } from "../../git/push.ts";
import type { Attribution } from "../../git/run-repo.ts";
import { repositoryCode } from "./baseline.ts";
import { ending, type Ending } from "../live-run.ts";
import { contains, isRewritten, resolveBase } from "../../works/base.ts";
import type { FetchedRig } from "../../works/rig-desk.ts";
import type { Workplace } from "../workplace.ts";

export type WorkBase = {
  rig: RigRepository;
  target: string;
  base: Oid;
  start: Oid;
  /** The saved commit that goes on, if any. */
  savedOid: Oid | null;
  /** Files that hold conflict marks after the base was brought into the saved work. */
  conflicts: readonly string[];
  /** The target's history was rewritten: the saved work is on the new one as one change. */
  isRewritten: boolean;
};

type BasePlace = Pick<Workplace, "works" | "clock">;

/** Errors are the run's ending: `base_behind` while a parent's landing is not in the base yet. */
export async function workBase(
  place: BasePlace,
  spec: RunSpecOf<"work">,
  fetched: FetchedRig,
): Promise<{ ok: true; value: WorkBase } | { ok: false; ending: Ending }> {
  const { rig, target } = fetched;
  const { history } = place.works;
  const { delivery } = spec.bead;
  const { convoyBranch } = spec.rig;
  const base = await resolveBase(history, rig, { target, delivery, convoyBranch });
  if (!base.ok) return { ok: false, ending: rejected(base.error.code, base.error.message) };
  for (const oid of spec.contains) {
    const held = await contains(history, rig, { oid, inRef: base.oid });
    if (!held.ok) return { ok: false, ending: rejected(held.error.code, held.error.message) };
    if (!held.yes) {
      const message = `${base.ref} at ${base.oid.slice(0, 12)} does not hold the landed commit ${oid.slice(0, 12)} yet. It is tried again.`;
      return {
        ok: false,
        ending: rejected("base_behind", message, { missing: oid, retryable: true }),
      };
    }
  }
  const plain: WorkBase = {
    rig,
    target,
    base: base.oid,
    start: base.oid,
    savedOid: null,
    conflicts: [],
    isRewritten: false,
  };
  const brought = await bringSaved(place, spec, rig);
  if (!brought.ok) return brought;
  // Work that cannot be reached is done again, but never without what its convoy has there.
  const begins = [brought.oid, spec.carries.at(-1)].filter((oid) => oid !== undefined);
  const first = await firstHeld(history, rig, begins);
  if (!first.ok) return { ok: false, ending: rejected(first.error.code, first.error.message) };
  const savedOid = first.oid;
  if (savedOid === undefined && spec.carries.length > 0)
    return {
      ok: false,
      ending: rejected("base_behind", "The branch of the convoy is not here.", { retryable: true }),
    };
  if (savedOid === undefined) return { ok: true, value: plain };
  // The landing of a convoy holds what others have landed: it is never taken apart.
  const from = spec.carries.length > 0 ? null : (spec.savedWork?.baseOid ?? null);
  const gone = await isRewritten(history, rig, { base: from, target, convoyBranch });
  if (!gone.ok) return { ok: false, ending: rejected(gone.error.code, gone.error.message) };
  const wish = { saved: savedOid, base: base.oid, attribution: attributionOf(spec) };
  const carried =
    gone.yes && from !== null
      ? await transplant(place, rig, { ...wish, from })
      : await carry(place, rig, wish);
  if (!carried.ok)
    return { ok: false, ending: rejected(carried.error.code, carried.error.message) };
  const { start, conflicts } = carried;
  return { ok: true, value: { ...plain, start, savedOid, conflicts, isRewritten: gone.yes } };
}

/** The first of the commits that the store has; undefined when it has none. */
async function firstHeld(
  history: Works["history"],
  rig: RigRepository,
  oids: readonly string[],
): Promise<Outcome<{ oid: string | undefined }>> {
  for (const oid of oids) {
    const held = await history.hasCommit(rig, oid);
    if (!held.ok) return held;
    if (held.yes) return { ok: true, oid };
  }
  return { ok: true, oid: undefined };
}

/**
 * Saved work that this runner lacks, from the rig's repository: what the ref of its run holds there now, which may
 * be newer than what the town was told.
 */
async function bringSaved(
  { works }: BasePlace,
  { savedWork, runId, fence }: RunSpecOf<"work">,
  rig: RigRepository,
): Promise<{ ok: true; oid: Oid | undefined } | { ok: false; ending: Ending }> {
  if (savedWork === null) return { ok: true, oid: undefined };
  const { oid, ref, baseOid, onRemote } = savedWork;
  if (!onRemote) return { ok: true, oid };
  const here = await works.history.hasCommit(rig, oid);
  if (!here.ok) return { ok: false, ending: unreachable(here.error) };
  if (here.yes) return { ok: true, oid };
  const there = remotePlace(rig, "read", { runId, fence });
  const read = await works.refs.read(there, [ref]);
  if (!read.ok) return { ok: false, ending: unreachable(read.error) };
  const held = read.refs.get(ref);
  // Gone from there: it is done again.
  if (held === undefined) return { ok: true, oid: undefined };
  const brought = await works.refs.bring(rig, there, ref);
  if (!brought.ok) return { ok: false, ending: unreachable(brought.error) };
  const first = await firstHeld(works.history, rig, [oid, held]);
  if (!first.ok) return { ok: false, ending: unreachable(first.error) };
  if (first.oid === oid) return { ok: true, oid };
  if (first.oid === undefined || baseOid === null) return { ok: true, oid: undefined };
  const isOfRun = await works.history.isAncestor(rig, baseOid, held);
  return { ok: true, oid: isOfRun.ok && isOfRun.yes ? held : undefined };
}

function unreachable(error: GitError): Ending {
  const message = `Its saved work is in the rig's repository: ${error.message} ${error.next}`;
  return rejected(repositoryCode(error), message, { retryable: error.retryable });
}

export function attributionOf({
  agent,
  author,
}: Pick<RunSpecOf<"work">, "agent" | "author">): Attribution {
  return {
    author,
    committer: {
      name: agent.name,
      email: `${agent.name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}@gastown.local`,
    },
  };
}

/**
 * Brings the base into saved work by a merge commit. Files in conflict keep their marks: the agent that
 * goes on is told and resolves them, for nobody else knows what was meant.
 */
async function carry(
  place: BasePlace,
  rig: RigRepository,
  wish: { saved: Oid; base: Oid; attribution: Attribution },
): Promise<Outcome<{ start: Oid; conflicts: readonly string[] }>> {
  const { saved, base, attribution } = wish;
  const { history } = place.works;
  const within = await history.isAncestor(rig, base, saved);
  if (!within.ok) return within;
  if (within.yes) return { ok: true, start: saved, conflicts: [] };
  const brought = await history.mergeTrees(rig, saved, base);
  if (!brought.ok) return brought;
  const { merged } = brought;
  const made = await history.commit(rig, {
    tree: merged.tree,
    parents: [saved, base],
    message: "Bring in the newer base\n",
    ...attribution,
    atMs: place.clock.now(),
  });
  if (!made.ok) return made;
  return { ok: true, start: made.oid, conflicts: merged.kind === "conflict" ? merged.files : [] };
}

/**
 * Puts what was done since `from` onto the base as one commit, with nothing of the history before it: merged in memory
 * between commits that have no other parent than one made of `from`'s files.
 */
async function transplant(
  { works: { history }, clock }: BasePlace,
  rig: RigRepository,
  wish: { saved: Oid; from: Oid; base: Oid; attribution: Attribution },
): Promise<Outcome<{ start: Oid; conflicts: readonly string[] }>> {
  const { attribution } = wish;
  const atMs = clock.now();
  const bare = async (oid: Oid, parents: readonly Oid[]): Promise<Outcome<{ oid: Oid }>> => {
    const read = await history.readCommit(rig, oid);
    if (!read.ok) return read;
    const { tree } = read.commit;
    return await history.commit(rig, { tree, parents, message: "Scratch\n", ...attribution, atMs });
  };
  const root = await bare(wish.from, []);
  if (!root.ok) return root;
  const [ours, theirs] = [await bare(wish.saved, [root.oid]), await bare(wish.base, [root.oid])];
  if (!ours.ok) return ours;
  if (!theirs.ok) return theirs;
  const brought = await history.mergeTrees(rig, ours.oid, theirs.oid);
  if (!brought.ok) return brought;
  const { merged } = brought;
  const made = await history.commit(rig, {
    ...{ tree: merged.tree, parents: [wish.base], ...attribution, atMs },
    message: "Put the work onto the rewritten history\n",
  });
  if (!made.ok) return made;
  return { ok: true, start: made.oid, conflicts: merged.kind === "conflict" ? merged.files : [] };
}

function rejected(code: string, message: string, details: Record<string, unknown> = {}): Ending {
  return ending("rejected", code, message, { details: { phase: "prepare", ...details } });
}
