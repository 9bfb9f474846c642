/**
 * What runs do with repositories and trees, in their own words. One side is git in a sandbox on this
 * host (`git-works.ts`), the other a simulation's memory; one contract suite holds for both.
 */
import type { Browsed, BrowseWish } from "../../protocol/entities/browse.ts";
import type { Credential, Holder } from "../git/access/access.ts";
import type { BringContents } from "../git/lfs/contents.ts";
import type { Fetched, RigRepository } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid, PushedRef } from "../git/porcelain.ts";
import type { RemovalProof, RigProof, SavedProof } from "../git/proof.ts";
import type { Place, RefUpdate } from "../git/push.ts";
import type { RemoteShape } from "../git/remote.ts";
import type { NewRun, RunRepository } from "../git/run-repo.ts";
import type { WarmTree, WarmWish } from "./warm-tree.ts";
import type { SavedWork } from "../git/saved-work.ts";
import type { CheckoutMove, CheckoutMoved, CheckoutState } from "../git/checkout.ts";
import type { History } from "./history.ts";

/** The rigs' repositories on this runner. */
export interface Rigs {
  /** Makes or finds the mirror and the store of a rig. Does not talk to the remote. Idempotent. */
  open(rigId: string, remote: string): Promise<Outcome<{ rig: RigRepository }>>;
  /** Whether this runner has anything of a rig. */
  has(rigId: string): Promise<boolean>;
  /** Removes mirror and store. Errors: no_proof, not_owned. */
  remove(rig: RigRepository, proof: RigProof): Promise<Outcome<{ removed: boolean }>>;
  /** The branch a clone of the remote would check out. Error: empty_repository, or what reaching it gives. */
  defaultBranch(rig: RigRepository, run?: Holder | null): Promise<Outcome<{ branch: string }>>;
  /**
   * Whether git may read the remote, and write there, with this credential; null: with the rig's own, or what its host has.
   * Nothing is written. Errors: push_refused (it may read), or what reaching the remote gives.
   */
  attempt(rig: RigRepository, credential: Credential | null): Promise<Outcome<object>>;
  /**
   * Brings what is known of the remote's branches up to date; `target` is the branch the rig works on.
   * Errors: unreachable, authentication, not_a_repository, empty_repository, missing_branch, shallow_repository.
   */
  fetch(rig: RigRepository, target: string, run?: Holder | null): Promise<Outcome<Fetched>>;
}

/** The refs of a remote, or of a store as if it were one. */
export interface Refs {
  /** The values of the named refs; absent ones are absent from the map. */
  read(place: Place, names: readonly string[]): Promise<Outcome<{ refs: Map<string, Oid> }>>;
  /** Every ref below `prefix`, which ends with a slash. */
  list(place: Place, prefix: string): Promise<Outcome<{ refs: Map<string, Oid> }>>;
  /** Brings the commit that a ref holds into the rig's store; no ref of the store is moved. */
  bring(rig: RigRepository, place: Place, ref: string): Promise<Outcome<object>>;
  /**
   * All updates or none, each only if its ref has the expected value. The result is what the remote said
   * of each ref; an error means that nothing is known of what it did. What is no fast-forward is not
   * refused: the caller checks ancestry.
   */
  push(
    rig: RigRepository,
    place: Place,
    updates: readonly RefUpdate[],
  ): Promise<Outcome<{ refs: PushedRef[] }>>;
}

/** The repositories of work runs: an agent's tree, and what is saved of it in the rig's store. */
export interface RunTrees {
  /** Makes a run's repository and checks its branch out. Safe to repeat. Errors: unknown_base, copied_file. */
  create(rig: RigRepository, wish: NewRun): Promise<Outcome<{ run: RunRepository }>>;
  /** Makes a tree of a commit for a run that is not known yet. Errors: unknown_base. */
  warm(rig: RigRepository, wish: WarmWish): Promise<Outcome<{ warm: WarmTree }>>;
  /**
   * As `create`, from a tree that waited; it keeps its place. After an error it is to be let go, and another made.
   * Nothing but an agent's own program, which has heard nobody yet, may have run in it.
   */
  adopt(warm: WarmTree, wish: NewRun): Promise<Outcome<{ run: RunRepository }>>;
  /** Removes a tree that no run has taken. */
  letGo(warm: WarmTree): Promise<Outcome<{ removed: boolean }>>;
  /** Finds a finished one again. Error: `not_owned` where there is none. */
  open(rig: RigRepository, runId: string): Promise<Outcome<{ run: RunRepository }>>;
  /** The runs of a rig that have a repository here. */
  ofRig(rigId: string): Promise<string[]>;
  /** Whether the agent's tree is there. */
  hasTree(run: RunRepository): Promise<boolean>;
  /** Where the agent's HEAD stands: a branch, no branch (null), or unreadable. To be asked after a save. */
  branch(run: RunRepository): Promise<{ readable: boolean; branch: string | null }>;
  /** Saves tracked and untracked files. Errors: not_saved, too_large, timed_out; the tree is never changed. */
  save(
    run: RunRepository,
    saving: { readonly nowMs: number; readonly message?: string },
  ): Promise<Outcome<SavedWork>>;
  /** Checks a save that was recorded earlier and issues its proof anew. Error: `not_saved`. */
  verifySaved(
    rig: RigRepository,
    saved: {
      readonly beadId: string;
      readonly runId: string;
      readonly oid: Oid;
      readonly base: Oid;
    },
  ): Promise<Outcome<{ proof: SavedProof }>>;
  /** Removes a run's folders. Error: `no_proof`. */
  remove(run: RunRepository, proof: RemovalProof): Promise<Outcome<{ removed: boolean }>>;
}

/** What could not be removed. */
export type Left = { readonly name: string; readonly why: string };

/** Folders that never hold work. */
export interface ScratchFolder {
  readonly name: string;
  readonly treeDir: string;
  readonly homeDir: string;
  readonly tmpDir: string;
  /** Of the rig whose files were written here; null: nobody's. */
  readonly mirrorDir: string | null;
}

export interface ScratchTrees {
  /** The files of a commit or a tree of the store, without `.git`; an older folder of that name goes first. Error: `copied_file`. */
  write(
    rig: RigRepository,
    wish: Pick<NewRun, "copies" | "contents"> & { readonly name: string; readonly oid: Oid },
  ): Promise<Outcome<{ scratch: ScratchFolder }>>;
  /** An empty one; also what is there already under that name. */
  empty(name: string): Promise<Outcome<{ scratch: ScratchFolder }>>;
  /** Tracked files that differ from what was written. */
  changed(scratch: ScratchFolder): Promise<Outcome<{ paths: string[] }>>;
  remove(scratch: ScratchFolder): Promise<Outcome<{ removed: boolean }>>;
  /** Removes what an earlier incarnation left, trees that waited for a run among it. Returns what could not be removed, with the reason. */
  sweep(): Promise<Left[]>;
}

/** A person's checkout, where a rig's remote is one on this host. */
export interface Checkouts {
  shape(rig: RigRepository): Promise<Outcome<{ shape: RemoteShape }>>;
  /** Whether it has nothing that a fast-forward could disturb. */
  state(workTree: string): Promise<CheckoutState>;
  /** Moves it forward to the commit that its candidate ref holds, and nothing else. */
  fastForward(workTree: string, wish: CheckoutMove): Promise<Outcome<CheckoutMoved>>;
}

/** What is in a rig's repository, without a checkout. */
export interface Browse {
  /** The commit of a branch, or the one whose number begins so. Error: missing_branch. */
  resolve(rig: RigRepository, name: string): Promise<Outcome<{ oid: Oid }>>;
  /** A folder, a file, or commits. Error: missing_path. */
  look(
    rig: RigRepository,
    at: { readonly ref: string; readonly oid: Oid },
    wish: Pick<BrowseWish, "path" | "offset" | "bytes" | "commits">,
  ): Promise<Outcome<{ found: Browsed }>>;
}

/** Files whose contents Git LFS keeps outside of git. */
export interface LfsFiles {
  /**
   * Brings the contents of a commit's or tree's files, as far as the runner lacks them, for trees that are to have them. Never an
   * error: the answer says what is missing, and why.
   */
  bring: BringContents;
  /** Files changed since `base` that Git LFS should keep, and git has itself. */
  plain(rig: RigRepository, base: Oid, head: Oid): Promise<string[]>;
}

export interface Works {
  readonly rigs: Rigs;
  readonly history: History;
  readonly refs: Refs;
  readonly trees: RunTrees;
  readonly scratch: ScratchTrees;
  readonly checkouts: Checkouts;
  readonly browse: Browse;
  readonly lfs: LfsFiles;
}
