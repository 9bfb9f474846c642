/** What every side of the works must do: git on a host, and the memory of a simulation. */
import { describe, test } from "bun:test";
import * as history from "./history-clauses.ts";
import * as trees from "./tree-clauses.ts";
import type { OpenWorks } from "./works-stage.ts";

export function worksContract(name: string, open: OpenWorks, timeoutMs: number): void {
  describe(`works contract: ${name}`, () => {
    const clause = (title: string, check: (open: OpenWorks) => Promise<void>) =>
      test(title, () => check(open), timeoutMs);
    clause(
      "[D1] a fetch sees what the remote's branches are, and only a fetch does",
      history.fetching,
    );
    clause(
      "[C2] a remote is tried without a change to it, and one that is not there is told",
      history.attempting,
    );
    clause(
      "[D2] ancestry is told of known commits, and of unknown ones it is an error",
      history.ancestry,
    );
    clause(
      "[D2] a merge is made in memory and found again by its bead and its line",
      history.merging,
    );
    clause("[D2] a conflict names its files and gives a tree with their marks", history.conflicts);
    clause(
      "[D1] two commits are compared by lines, by paths and as a diff with a limit",
      history.comparing,
    );
    clause("[D2] a push moves all its refs or none, each from its expected value", history.pushing);
    clause("[D2] what a host refuses is told apart from what has moved", history.denying);
    clause(
      "[D2] a store takes pushes as a remote does, and a fetch leaves them alone",
      history.storeAsPlace,
    );
    clause("[D2] a ref outside the fetched branches is brought by itself", history.bringing);
    clause(
      "[C4] a tree is saved with its trailers, found again, and built only on what is there",
      trees.savingTrees,
    );
    clause("[C20] what has not changed since its last save is that save", trees.savingAgain);
    clause(
      "[C22] what Git LFS keeps is a pointer in a tree, is told as such, and is no change",
      trees.pointers,
    );
    clause("[C4] a tree goes only with a proof that was issued for it", trees.removingTrees);
    clause(
      "[F5] what a runner has of a rig is known, and goes only with a proof for that rig",
      trees.removingRigs,
    );
    clause(
      "[C21] a tree that waited is a run's, at the run's base, and goes with its proof; one that nobody took just goes",
      trees.waitingTrees,
    );
    clause("[C5] a scratch tree is compared with what was written, and swept", trees.scratchTrees);
    clause("[C6] done is verified, and its branch is pushed once", trees.verifiedDone);
    clause("[D2] a bead lands once, among strangers' pushes and asked again", trees.landings);
    clause("[D6] a person's checkout is moved forward and nothing else", trees.checkouts);
  });
}
