import { commitTree, readCommit } from "../git/commit.ts";
import { changedPaths, commitsBetween, diffStat, newBytes, unifiedDiff } from "../git/diff.ts";
import type { Git } from "../git/git.ts";
import { gitFailed } from "../git/git-errors.ts";
import { mergesBetween, mergeTrees } from "../git/merge-trees.ts";
import { hasCommit, isAncestor, readRef } from "../git/mirror.ts";
import { failure } from "../git/outcome.ts";
import { oidIn } from "../git/porcelain.ts";
import type { History } from "./history.ts";

/** The history of stores on this host. */
export function gitHistory(git: Git): History {
  return {
    readRef: (rig, ref) => readRef(git, rig.storeDir, ref),
    hasCommit: (rig, oid) => hasCommit(git, rig.storeDir, oid),
    isAncestor: (rig, ancestor, descendant) => isAncestor(git, rig.storeDir, ancestor, descendant),
    mergeBase: async (rig, one, other) => {
      const run = await git.run({ gitDir: rig.storeDir, args: ["merge-base", one, other] });
      const oid = oidIn(run.text.split("\n")[0] ?? "");
      if (run.ok && oid !== null) return { ok: true, oid };
      if (run.code !== 1) return gitFailed(run, "finding where the work began");
      const message = `${one} and ${other} have no common history.`;
      return failure("unknown_base", message, "Begin the work anew on the target.");
    },
    readCommit: (rig, oid) => readCommit(git, rig.storeDir, oid),
    mergeTrees: (rig, ours, theirs) => mergeTrees(git, rig.storeDir, ours, theirs),
    commit: (rig, commit) => commitTree(git, rig.storeDir, commit, "making a commit"),
    merges: (rig, range) => mergesBetween(git, rig.storeDir, range),
    diffStat: (rig, from, to, filesMax) => diffStat(git, rig.storeDir, from, to, filesMax),
    commits: (rig, from, to, max) => commitsBetween(git, rig.storeDir, from, to, max),
    unifiedDiff: (rig, from, to, limit) => unifiedDiff(git, rig.storeDir, from, to, limit),
    changedPaths: (rig, from, to) => changedPaths(git, rig.storeDir, from, to),
    newBytes: (rig, from, to) => newBytes(git, rig.storeDir, from, to),
  };
}
