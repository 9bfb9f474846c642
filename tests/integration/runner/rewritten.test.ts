// A target whose history is rewritten, or whose name is changed, while work is on its way.
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { workBase } from "../../../runner/runs/kinds/work-base.ts";
import { makeRig, must, personGit, write, type RigFixture } from "../../support/git-rig.ts";
import { baselineSpec, beadSpec, checkSpec, mergeSpec, rigSpec, workSpec } from "./specs.ts";
import { newId } from "./small-town.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage | null = null;
let fixture: RigFixture | null = null;
afterEach(async () => {
  await stage?.close();
  await fixture?.remove();
  stage = fixture = null;
});

/**
 * Work on a target that holds a secret, pushed as a run's branch; then the target's history begins anew without it.
 */
async function rewriteUnder(dir: string, remoteDir: string, branch: string, file = "work.txt") {
  const work = join(dir, "author");
  await personGit(dir, "clone", "--quiet", remoteDir, work);
  const commit = async (path: string, text: string) => {
    await write(work, path, text);
    await personGit(work, "add", "-A");
    await personGit(work, "commit", "--quiet", "-m", `Write ${path}`);
    return await personGit(work, "rev-parse", "HEAD");
  };
  const clean = await personGit(work, "rev-parse", "HEAD");
  const base = await commit("secret.txt", "never again\n");
  await personGit(work, "push", "--quiet", "origin", "HEAD:main");
  const head = await commit(file, "the work\n");
  await personGit(work, "push", "--quiet", "origin", `HEAD:${branch}`);
  await personGit(work, "reset", "--quiet", "--hard", clean);
  const target = await commit("other.txt", "the new history\n");
  await personGit(work, "push", "--quiet", "--force", "origin", "HEAD:main");
  return { base, head, target };
}

test("[C14] work that began before the target's history was rewritten is returned in words, and never lands it again", async () => {
  stage = await openStage();
  const { town } = stage;
  await stage.start();
  await town.until(() => town.hellos[0]);
  const bead = beadSpec();
  const branch = `gastown/run/${bead.id}/${newId("run")}`;
  const { base, head, target } = await rewriteUnder(
    stage.dir,
    stage.remoteDir,
    `refs/heads/${branch}`,
  );
  const rig = rigSpec(stage.remoteDir);
  const work = { bead, branch, headOid: head };
  const check = checkSpec(rig, work, { roundBase: base });
  await town.offer(check);
  expect((await town.exitOf(check.runId)).outcome).toBe("done");
  const words = expect.stringContaining("The history of main was rewritten");
  expect(town.of("checked", check.runId)).toMatchObject([
    { green: false, gates: [{ name: "history", ok: false, log: words }] },
  ]);
  const merge = mergeSpec(rig, work, { roundBase: base });
  await town.offer(merge);
  await town.exitOf(merge.runId);
  expect(town.of("not_landed", merge.runId)).toMatchObject([{ code: "gates_red", message: words }]);
  expect(await personGit(stage.remoteDir, "rev-parse", "main")).toBe(target);
  // Work of the new history lands as ever.
  const fresh = checkSpec(rig, { ...work, bead: beadSpec() }, { roundBase: target });
  await town.offer(fresh);
  await town.exitOf(fresh.runId);
  expect(town.of("checked", fresh.runId)).toMatchObject([{ green: true }]);
});

test("[C14] the next run has the work on the new history as one change, and nothing of the old one", async () => {
  fixture = await makeRig();
  const { works, rig, dir, remoteDir } = fixture;
  const ref = "refs/gastown/wip/bd1/rn1";
  const { base, head, target } = await rewriteUnder(dir, remoteDir, ref);
  const fetched = must(await works.rigs.fetch(rig, "main"));
  const savedWork = { ref, oid: head, baseOid: base, onRemote: true };
  const begin = async (saved: typeof savedWork) => {
    const clock = { now: () => 1_750_000_000_000 } as Parameters<typeof workBase>[0]["clock"];
    const spec = workSpec(rigSpec(remoteDir), { savedWork: saved });
    const made = await workBase({ works, clock }, spec, { ...fetched, rig, target: "main" });
    if (!made.ok) throw new Error(made.ending.reason?.message);
    return made.value;
  };
  const value = await begin(savedWork);
  expect(value).toMatchObject({ base: target, savedOid: head, conflicts: [], isRewritten: true });
  const git = (...words: string[]) => personGit(rig.storeDir, ...words);
  expect(await git("rev-parse", `${value.start}^@`)).toBe(target);
  expect((await git("ls-tree", "--name-only", value.start)).split("\n")).toEqual([
    ".gitignore",
    "README.md",
    "other.txt",
    "src",
    "work.txt",
  ]);
  const before = must(await works.history.isAncestor(rig, base, value.start));
  expect(before.yes).toBe(false);
  // Where the base is still in the target, the work keeps its own commits.
  const plain = await begin({ ...savedWork, baseOid: await git("rev-parse", `${target}~1`) });
  expect(plain).toMatchObject({ isRewritten: false });
});

test("[C14] a target that was renamed is told with the branches that there are", async () => {
  stage = await openStage();
  const { town } = stage;
  await personGit(stage.remoteDir, "branch", "-m", "main", "trunk");
  await stage.start();
  await town.until(() => town.hellos[0]);
  const spec = baselineSpec(rigSpec(stage.remoteDir));
  await town.offer(spec);
  await town.exitOf(spec.runId);
  expect(town.of("baseline", spec.runId)).toMatchObject([
    {
      green: null,
      reason: {
        code: "target_missing",
        message: expect.stringContaining("has no branch main; it has trunk."),
      },
    },
  ]);
});
