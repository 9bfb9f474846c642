import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { refsOf } from "../../../runner/git/porcelain.ts";
import { worksContract } from "../../contract/git/works.contract.ts";
import type { WorksStage } from "../../contract/git/works-stage.ts";
import { makeRig, personGit, strayCommit, write } from "../../support/git-rig.ts";

worksContract(
  "git",
  async ({ checkout = false } = {}) => {
    const rig = await makeRig({ bare: !checkout });
    const { remoteDir } = rig;
    const stage: WorksStage = {
      works: rig.works,
      remoteUrl: remoteDir,
      stray: (path, text, branch) => strayCommit(rig, path, text, branch),
      move: async (ref, to) => {
        await personGit(remoteDir, "update-ref", ...(to === null ? ["-d", ref] : [ref, to]));
      },
      remoteRefs: async () =>
        refsOf(await personGit(remoteDir, "for-each-ref", "--format=%(objectname)%09%(refname)")),
      protectMain: async () => {
        await write(remoteDir, "hooks/update", '#!/bin/sh\ntest "$1" != refs/heads/main\n');
        await Bun.$`chmod +x ${remoteDir}/hooks/update`.quiet();
      },
      write: async (treeDir, path, text) => {
        if (text === null) await rm(join(treeDir, path));
        else await write(treeDir, path, text);
      },
      read: (treeDir, path) => readFile(join(treeDir, path), "utf8").catch(() => null),
      [Symbol.asyncDispose]: () => rig.remove(),
    };
    return stage;
  },
  60_000,
);
