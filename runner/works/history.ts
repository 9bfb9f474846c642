/**
 * The commits of a rig's store, read and made without any tree on disk. All oids and refs are the
 * store's; a branch of the remote is at `refs/remotes/origin/...`, as the last fetch saw it.
 */
import type { CommitLine } from "../../protocol/entities/commit.ts";
import type { CommitRead, NewCommit } from "../git/commit.ts";
import type { ChangedPath, DiffStat } from "../git/diff.ts";
import type { MergeCommit, Merged, MergeRange } from "../git/merge-trees.ts";
import type { RigRepository } from "../git/mirror.ts";
import type { Outcome } from "../git/outcome.ts";
import type { Oid } from "../git/porcelain.ts";

export interface History {
  /** The commit a ref (or an oid) names; null where there is none. */
  readRef(rig: RigRepository, ref: string): Promise<Outcome<{ oid: Oid | null }>>;
  hasCommit(rig: RigRepository, oid: Oid): Promise<Outcome<{ yes: boolean }>>;
  /** Whether `ancestor` is `descendant` or among its ancestors. An unknown oid is an error, not a no. */
  isAncestor(
    rig: RigRepository,
    ancestor: Oid,
    descendant: Oid,
  ): Promise<Outcome<{ yes: boolean }>>;
  /** A newest common ancestor; an error where there is none. */
  mergeBase(rig: RigRepository, one: Oid, other: Oid): Promise<Outcome<{ oid: Oid }>>;
  readCommit(rig: RigRepository, oid: Oid): Promise<Outcome<{ commit: CommitRead }>>;
  /** Merges two commits in memory. */
  mergeTrees(rig: RigRepository, ours: Oid, theirs: Oid): Promise<Outcome<{ merged: Merged }>>;
  /** Makes a commit; the same content gives the same oid. Nothing names it yet. */
  commit(rig: RigRepository, commit: NewCommit): Promise<Outcome<{ oid: Oid }>>;
  /** Commits with two parents in `from..to`, newest first, with the beads their trailers name. From null: all of `to`. */
  merges(rig: RigRepository, range: MergeRange): Promise<Outcome<{ merges: MergeCommit[] }>>;
  /** Lines added and removed per file, the first `filesMax` files and the totals of all. */
  diffStat(
    rig: RigRepository,
    from: Oid,
    to: Oid,
    filesMax: number,
  ): Promise<Outcome<{ stat: DiffStat }>>;
  /** Commits of `to` that `from` does not have, the newest first, at most `max`. */
  commits(
    rig: RigRepository,
    from: Oid,
    to: Oid,
    max: number,
  ): Promise<Outcome<{ commits: CommitLine[] }>>;
  /** At most `bytesMax` bytes, cut at the end of a line. */
  unifiedDiff(
    rig: RigRepository,
    from: Oid,
    to: Oid,
    limit: { readonly bytesMax: number },
  ): Promise<Outcome<{ text: string; cut: boolean }>>;
  /** Paths that differ, a renamed file as two. */
  changedPaths(rig: RigRepository, from: Oid, to: Oid): Promise<Outcome<{ paths: ChangedPath[] }>>;
  /** Bytes of the objects that `to` has and `from` does not. */
  newBytes(rig: RigRepository, from: Oid, to: Oid): Promise<Outcome<{ bytes: number }>>;
}
