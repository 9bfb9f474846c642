import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { commitsBetween, diffStat, unifiedDiff } from "../../../runner/git/diff.ts";
import { verifyDone } from "../../../runner/works/done.ts";
import { pushRunBranch } from "../../../runner/works/run-branch.ts";
import { changedSince, materialise, removeScratch } from "../../../runner/git/scratch-tree.ts";
import { testSandbox } from "../../support/git-exec.ts";
import {
  makeRig,
  makeRun,
  must,
  nowMs,
  personGit,
  type RigFixture,
  strayCommit,
  write,
} from "../../support/git-rig.ts";

let rig: RigFixture;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.remove());

test("[C6] done commits what is left, with trailers and both identities, and is pushed once", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  const { done } = must(await verifyDone(rig.works, run, { nowMs, summary: "Add one" }));
  expect(
    await personGit(
      rig.rig.storeDir,
      "log",
      "-1",
      "--format=%s|%an|%cn|%(trailers:only,unfold)",
      done.head,
    ),
  ).toBe("Add one|Ada Person|polecat|Bead: bd1\nCo-authored-by: polecat <polecat@gastown.invalid>");
  const push = {
    beadId: "bd1",
    runId: "rn1",
    oid: done.head,
    expected: null,
    delivery: "merge" as const,
  };
  expect(await pushRunBranch(rig.works.refs, rig.rig, push)).toMatchObject({
    ok: true,
    pushed: true,
  });
  expect(await pushRunBranch(rig.works.refs, rig.rig, push)).toMatchObject({
    ok: true,
    pushed: false,
  });
  expect(await personGit(rig.remoteDir, "rev-parse", "gastown/run/bd1/rn1")).toBe(done.head);
  await strayCommit(rig, "x.txt", "x\n", "gastown/run/bd1/rn1");
  expect(
    await pushRunBranch(rig.works.refs, rig.rig, { ...push, expected: done.head, oid: done.base }),
  ).toMatchObject({ ok: false, error: { code: "branch_moved" } });
});

test("[C6] delivery none keeps the run's branch in the store", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  const { done } = must(await verifyDone(rig.works, run, { nowMs, summary: "Add one" }));
  must(
    await pushRunBranch(rig.works.refs, rig.rig, {
      beadId: "bd1",
      runId: "rn1",
      oid: done.head,
      expected: null,
      delivery: "none",
    }),
  );
  expect(await personGit(rig.rig.storeDir, "rev-parse", "refs/heads/gastown/run/bd1/rn1")).toBe(
    done.head,
  );
  expect(await personGit(rig.remoteDir, "for-each-ref", "--format=%(refname)")).toBe(
    "refs/heads/main",
  );
});

test("[C6] an empty diff is refused unless the agent says why", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "build/only-ignored.o", "x");
  expect(await verifyDone(rig.works, run, { nowMs, summary: "Nothing" })).toMatchObject({
    ok: false,
    error: { code: "empty_diff" },
  });
  expect(
    await verifyDone(rig.works, run, { nowMs, summary: "Nothing", noChangesReason: " " }),
  ).toMatchObject({ ok: false, error: { code: "empty_diff" } });
  const given = must(
    await verifyDone(rig.works, run, {
      nowMs,
      summary: "Nothing",
      noChangesReason: "it was fixed already",
    }),
  );
  expect(given.done).toMatchObject({ noChangesReason: "it was fixed already", head: run.base });
});

test("[C6] reserved paths, links to repositories and large work are refused, and the work is saved all the same", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "sub/.gitattributes", "* -text\n");
  const refused = await verifyDone(rig.works, run, { nowMs, summary: "Try" });
  expect(refused).toMatchObject({
    ok: false,
    error: { code: "reserved_path", paths: ["sub/.gitattributes"] },
  });
  expect(
    await personGit(rig.rig.storeDir, "ls-tree", "-r", "--name-only", "refs/gastown/wip/bd1/rn1"),
  ).toContain("sub/.gitattributes");
  expect(
    await verifyDone(rig.works, run, { nowMs, summary: "Try", reservedPaths: [] }),
  ).toMatchObject({
    ok: true,
  });
  expect(
    await verifyDone(rig.works, run, { nowMs, summary: "Try", reservedPaths: ["sub/**"] }),
  ).toMatchObject({ ok: false, error: { code: "reserved_path" } });
  await write(run.treeDir, "big.txt", "x".repeat(9000));
  expect(
    await verifyDone(rig.works, run, { nowMs, summary: "Try", reservedPaths: [], bytesMax: 5000 }),
  ).toMatchObject({ ok: false, error: { code: "too_large" } });
});

test("[C6] a .gitmodules that points nowhere good is saved but not accepted", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(
    run.treeDir,
    ".gitmodules",
    '[submodule "x"]\n\tpath = -x\n\turl = --upload-pack=evil\n',
  );
  expect(await verifyDone(rig.works, run, { nowMs, summary: "Try" })).toMatchObject({
    ok: false,
    error: { code: "reserved_path" },
  });
  expect(
    await personGit(rig.rig.storeDir, "ls-tree", "--name-only", "refs/gastown/wip/bd1/rn1"),
  ).toContain(".gitmodules");
});

test("[C6] another branch and a history without the base are refused with what to run", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  await personGit(run.treeDir, "checkout", "--quiet", "-b", "mine");
  expect(await verifyDone(rig.works, run, { nowMs, summary: "Try" })).toMatchObject({
    ok: false,
    error: { code: "wrong_branch" },
  });
  await personGit(run.treeDir, "checkout", "--quiet", "-B", run.branch);
  await personGit(run.treeDir, "checkout", "--quiet", "--orphan", "root");
  await personGit(run.treeDir, "commit", "--quiet", "-m", "Root");
  await personGit(run.treeDir, "branch", "-f", run.branch, "HEAD");
  await personGit(run.treeDir, "checkout", "--quiet", run.branch);
  const refused = await verifyDone(rig.works, run, { nowMs, summary: "Try" });
  expect(refused).toMatchObject({ ok: false, error: { code: "base_not_contained" } });
  await personGit(run.treeDir, "reset", "--quiet", "--soft", run.base);
  expect(await verifyDone(rig.works, run, { nowMs, summary: "Try" })).toMatchObject({ ok: true });
});

test("[E5] a diff is shown per file and as text, within its limits", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "src/a.txt", "one\nTWO\nthree\nfour\n");
  await write(run.treeDir, "bin.dat", "a\0b");
  await rm(join(run.treeDir, "src/b.txt"));
  await write(run.treeDir, "src/moved.txt", "b\n");
  const { done } = must(await verifyDone(rig.works, run, { nowMs, summary: "Change" }));
  const store = rig.rig.storeDir;
  const { stat } = must(await diffStat(rig.git, store, done.base, done.head, 2));
  expect(stat).toEqual({
    files: [
      { path: "bin.dat", from: null, added: null, removed: null },
      { path: "src/a.txt", from: null, added: 2, removed: 1 },
    ],
    filesTotal: 3,
    added: 2,
    removed: 1,
  });
  const whole = must(
    await unifiedDiff(rig.git, store, done.base, done.head, { bytesMax: 100_000 }),
  );
  expect(whole.text).toContain("-two\n+TWO\n three\n+four\n");
  expect(whole.cut).toBe(false);
  const cut = must(
    await unifiedDiff(rig.git, store, done.base, done.head, {
      bytesMax: 120,
      paths: ["src/a.txt"],
    }),
  );
  expect(cut.cut).toBe(true);
  expect(cut.text.length).toBeLessThanOrEqual(120);
  expect(cut.text.endsWith("\n")).toBe(true);
  const { commits } = must(await commitsBetween(rig.git, store, done.base, done.head, 10));
  expect(commits).toEqual([
    { oid: done.head, subject: "Change", author: "Ada Person", committer: "polecat", at: nowMs },
  ]);
});

test("[D3] gates get the files of one commit in a tree of their own, which is compared afterwards and removed", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  const { scratch } = must(
    await materialise(rig.git, rig.root, rig.rig, { name: "gates-1", oid: run.base }),
  );
  expect((await readdir(scratch.treeDir)).sort()).toEqual([".gitignore", "README.md", "src"]);
  await mkdir(join(scratch.treeDir, "build"));
  await write(scratch.treeDir, "new.txt", "output\n");
  expect(must(await changedSince(testSandbox, scratch)).paths).toEqual([]);
  await write(scratch.treeDir, "src/a.txt", "one\ntwo\nTHREE\n");
  await rm(join(scratch.treeDir, "README.md"));
  expect(must(await changedSince(testSandbox, scratch)).paths.sort()).toEqual([
    "README.md",
    "src/a.txt",
  ]);
  const again = must(
    await materialise(rig.git, rig.root, rig.rig, { name: "gates-1", oid: run.base }),
  );
  expect(must(await changedSince(testSandbox, again.scratch)).paths).toEqual([]);
  expect(must(await removeScratch(scratch)).removed).toBe(true);
});
