/** The works of a runner in memory: the same port as git's, over one host's files and the world's remotes. */
import type { Works } from "../../runner/works/works.ts";
import type { SimHostFiles } from "./host-files.ts";
import { simBrowse } from "./browse.ts";
import { simHistory } from "./history.ts";
import { simRefs } from "./refs.ts";
import { simCheckouts, simRigs } from "./rigs.ts";
import { simScratch, simTrees } from "./trees.ts";

export function simWorks(host: SimHostFiles): Works {
  return {
    rigs: simRigs(host),
    history: simHistory(host),
    refs: simRefs(host),
    trees: simTrees(host),
    scratch: simScratch(host),
    checkouts: simCheckouts(host),
    browse: simBrowse(host),
    // Nothing of a played repository is kept elsewhere.
    lfs: {
      bring: () => Promise.resolve({ files: 0, missing: [], absence: null }),
      plain: () => Promise.resolve([]),
    },
  };
}
