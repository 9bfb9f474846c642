import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  personGit,
  attribution,
  makeRig,
  makeRun,
  must,
  nowMs,
  type RigFixture,
  write,
} from "../../support/git-rig.ts";
import { testSandbox } from "../../support/git-exec.ts";
import type { SandboxedExec } from "../../../runner/git/exec.ts";
import { fetchRig } from "../../../runner/git/mirror.ts";
import { saveWork, verifySaved } from "../../../runner/git/saved-work.ts";
import { gitTrees } from "../../../runner/works/git-trees.ts";
import { retireRun } from "../../../runner/works/retire-run.ts";
import { removeOwned } from "../../../runner/git/paths.ts";
import type { RunRepository } from "../../../runner/git/run-repo.ts";

let rig: RigFixture;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.remove());

const saving = () => ({ git: rig.git, sandbox: testSandbox, nowMs });
const save = async (run: RunRepository) => must(await saveWork(run, saving()));
const filesOf = async (oid: string) =>
  (await personGit(rig.rig.storeDir, "ls-tree", "-r", "--name-only", oid)).split("\n");
const show = (oid: string, path: string) => personGit(rig.rig.storeDir, "show", `${oid}:${path}`);

test("[C2] a run's tree is its own repository on its own branch, with a read-only local origin", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  expect(await personGit(run.treeDir, "symbolic-ref", "HEAD")).toBe(
    "refs/heads/gastown/run/bd1/rn1",
  );
  expect(await personGit(run.treeDir, "rev-parse", "HEAD")).toBe(run.base);
  expect(await personGit(run.treeDir, "status", "--porcelain")).toBe("");
  expect(await personGit(run.treeDir, "config", "remote.origin.url")).toBe(rig.rig.mirrorDir);
  await expect(personGit(run.treeDir, "push", "origin", "HEAD")).rejects.toThrow();
  expect(await personGit(run.treeDir, "count-objects")).toBe("0 objects, 0 kilobytes");
});

test("[C2] making a run's repository again finds the finished one and keeps its files", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "new.txt", "x\n");
  await makeRun(rig, "bd1", "rn1", run.base);
  expect(await Bun.file(join(run.treeDir, "new.txt")).text()).toBe("x\n");
});

test("[C4] changed, new, deleted and force-added files are saved, ignored ones are not", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "src/a.txt", "changed\n");
  await write(run.treeDir, "new dir/näme.txt", "new\n");
  await write(run.treeDir, "build/out.o", "ignored\n");
  await write(run.treeDir, "build/kept.txt", "forced\n");
  await personGit(run.treeDir, "add", "-f", "build/kept.txt");
  await rm(join(run.treeDir, "src/b.txt"));
  const saved = await save(run);
  const files = await filesOf(saved.proof.oid);
  expect(files).toContain("build/kept.txt");
  expect(files).not.toContain("build/out.o");
  expect(files).not.toContain("src/b.txt");
  expect(await show(saved.proof.oid, "src/a.txt")).toBe("changed");
  expect(await show(saved.proof.oid, "new dir/näme.txt")).toBe("new");
  expect(await personGit(rig.rig.storeDir, "rev-parse", "refs/gastown/wip/bd1/rn1")).toBe(
    saved.proof.oid,
  );
  expect(
    await personGit(
      rig.rig.storeDir,
      "log",
      "-1",
      "--format=%an %cn%n%(trailers:key=Bead,valueonly)",
      saved.proof.oid,
    ),
  ).toBe(`${attribution.author.name} ${attribution.committer.name}\nbd1`);
  expect(await personGit(run.treeDir, "status", "--porcelain", "--", "src/a.txt")).toBe(
    "M src/a.txt",
  );
});

test("[C4] names that are not UTF-8 are saved byte for byte", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await writeFile(
    Buffer.concat([Buffer.from(`${run.treeDir}/x`), Buffer.from([0xff, 0xfe, 0x0a])]),
    "bytes\n",
  );
  const saved = await save(run);
  const listed = await rig.git.run({
    gitDir: rig.rig.storeDir,
    args: ["ls-tree", "-z", "--name-only", saved.proof.oid],
  });
  expect(Buffer.from(listed.result.stdout).includes(Buffer.from([0x78, 0xff, 0xfe, 0x0a]))).toBe(
    true,
  );
});

test("[C4] the agent's commits are kept when they descend from the base, and what is left becomes one more", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  await personGit(run.treeDir, "add", "-A");
  await personGit(run.treeDir, "commit", "--quiet", "-m", "One");
  await write(run.treeDir, "two.txt", "2\n");
  const saved = await save(run);
  expect(
    await personGit(rig.rig.storeDir, "log", "--format=%s", `${run.base}..${saved.proof.oid}`),
  ).toBe("Save work in progress\nOne");
  expect(saved.commitsDropped).toBeNull();
});

test("[C4] an agent that threw its history away still has its files saved on the base", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  await rm(join(run.treeDir, ".git"), { recursive: true });
  const saved = await save(run);
  expect(await show(saved.proof.oid, "one.txt")).toBe("1");
  expect(await personGit(rig.rig.storeDir, "rev-parse", `${saved.proof.oid}^`)).toBe(run.base);
  expect(saved.commitsDropped).not.toBeNull();
});

test("[C23] core.fsmonitor, hooks, filters and nested repositories run nothing outside the sandbox and lose no file", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  const canary = join(rig.dir, "canary");
  const plant = join(run.treeDir, "plant.sh");
  await writeFile(plant, `#!/bin/sh\ntouch ${canary}\ncat\n`);
  await chmod(plant, 0o755);
  const hostile = async (dir: string) => {
    for (const key of [
      "core.fsmonitor",
      "filter.evil.clean",
      "filter.evil.process",
      "diff.evil.textconv",
      "core.pager",
      "uploadpack.packObjectsHook",
    ]) {
      await personGit(dir, "config", key, plant);
    }
    await personGit(dir, "config", "core.hooksPath", run.treeDir);
  };
  await write(run.treeDir, ".gitattributes", "* filter=evil diff=evil\n");
  await hostile(run.treeDir);
  const nested = join(run.treeDir, "vendor/lib");
  await mkdir(nested, { recursive: true });
  await personGit(nested, "init", "--quiet");
  await write(nested, "inner.txt", "inner\n");
  await write(nested, "deep/x.txt", "x\n");
  await personGit(
    nested,
    "-c",
    "user.name=x",
    "-c",
    "user.email=x@x",
    "commit",
    "--quiet",
    "--allow-empty",
    "-m",
    "inner",
  );
  await hostile(nested);
  await mkdir(join(nested, "again"), { recursive: true });
  await personGit(join(nested, "again"), "init", "--quiet");
  await write(join(nested, "again"), "deepest.txt", "deepest\n");
  await writeFile(join(run.treeDir, ".git", "index.lock"), "");
  await symlink("/etc/passwd", join(run.treeDir, "link"));
  const saved = await save(run);
  const files = await filesOf(saved.proof.oid);
  for (const path of [
    "vendor/lib/inner.txt",
    "vendor/lib/deep/x.txt",
    "vendor/lib/again/deepest.txt",
    "link",
    "plant.sh",
  ])
    expect(files).toContain(path);
  expect(await personGit(rig.rig.storeDir, "ls-tree", "-r", saved.proof.oid)).not.toContain(
    "160000",
  );
  expect(await show(saved.proof.oid, "link")).toBe("/etc/passwd");
  expect(await stat(canary).catch(() => null)).toBeNull();
});

test("[C23] a nested repository that the agent committed as a link is saved as its files", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  const nested = join(run.treeDir, "sub");
  await mkdir(nested);
  await personGit(nested, "init", "--quiet");
  await write(nested, "inner.txt", "inner\n");
  await personGit(nested, "add", "-A");
  await personGit(nested, "commit", "--quiet", "-m", "inner");
  await personGit(run.treeDir, "add", "-A");
  await personGit(run.treeDir, "commit", "--quiet", "-m", "Link it");
  const saved = await save(run);
  expect(await show(saved.proof.oid, "sub/inner.txt")).toBe("inner");
  expect(await personGit(rig.rig.storeDir, "ls-tree", "-r", saved.proof.oid)).not.toContain(
    "160000",
  );
});

test("[C23] a repository inside a tracked folder hides none of that folder's files", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await personGit(join(run.treeDir, "src"), "init", "--quiet");
  await write(run.treeDir, "src/a.txt", "changed\n");
  await write(run.treeDir, "src/c.txt", "c\n");
  const saved = await save(run);
  expect(await show(saved.proof.oid, "src/a.txt")).toBe("changed");
  expect(await show(saved.proof.oid, "src/c.txt")).toBe("c");
});

test("[C23] a .git that points elsewhere, odd refs and names git cannot hold are contained", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await rm(join(run.treeDir, ".git"), { recursive: true });
  await writeFile(join(run.treeDir, ".git"), `gitdir: ${rig.rig.storeDir}\n`);
  await write(run.treeDir, "git~1/x", "hidden\n");
  await write(run.treeDir, "ok.txt", "ok\n");
  const saved = await save(run);
  expect(await show(saved.proof.oid, "ok.txt")).toBe("ok");
  expect(saved.unsaved).toEqual([{ path: "git~1/x", reason: "name_git_cannot_hold" }]);
});

test("[C4] files over the limit stay out and are named; too much together is refused", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "big.bin", "x".repeat(5000));
  await write(run.treeDir, "small.txt", "s\n");
  const saved = must(
    await saveWork(run, { ...saving(), limits: { fileBytesMax: 1000, totalBytesMax: 10_000 } }),
  );
  expect(saved.unsaved).toEqual([{ path: "big.bin", reason: "too_large" }]);
  expect(await filesOf(saved.proof.oid)).toContain("small.txt");
  const refused = await saveWork(run, {
    ...saving(),
    limits: { fileBytesMax: 10_000, totalBytesMax: 3000 },
  });
  expect(refused).toMatchObject({ ok: false, error: { code: "too_large" } });
});

test("[C4] a run goes on from saved work that only the store holds", async () => {
  const first = await makeRun(rig, "bd1", "rn1");
  await write(first.treeDir, "one.txt", "1\n");
  const { proof } = await save(first);
  const second = await makeRun(rig, "bd1", "rn2", first.base, proof.oid);
  expect(await Bun.file(join(second.treeDir, "one.txt")).text()).toBe("1\n");
  await write(second.treeDir, "two.txt", "2\n");
  const saved = await save(second);
  expect(
    await personGit(rig.rig.storeDir, "rev-list", "--count", `${first.base}..${saved.proof.oid}`),
  ).toBe("2");
});

test("[C4] a run's folders go only with a proof of its own save, and the saved work outlives the mirror", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  const { proof } = await save(run);
  expect(await removeOwned(rig.root, run.dir, "run", null)).toMatchObject({
    ok: false,
    error: { code: "no_proof" },
  });
  expect(await removeOwned(rig.root, run.dir, "run", { ...proof })).toMatchObject({
    ok: false,
    error: { code: "no_proof" },
  });
  const other = await makeRun(rig, "bd1", "rn2");
  expect(await removeOwned(rig.root, other.dir, "run", proof)).toMatchObject({
    ok: false,
    error: { code: "no_proof" },
  });
  await write(run.treeDir, "two.txt", "2\n");
  const retired = must(await retireRun(rig.works.trees, run, nowMs));
  expect(await stat(run.dir).catch(() => null)).toBeNull();
  expect(retired.proof.kind).toBe("saved");
  await rm(rig.rig.mirrorDir, { recursive: true });
  const oid = retired.proof.kind === "saved" ? retired.proof.oid : "";
  expect(await show(oid, "two.txt")).toBe("2");
  must(await verifySaved(rig.git, rig.rig, { beadId: "bd1", runId: "rn1", oid, base: run.base }));
  expect(
    await verifySaved(rig.git, rig.rig, {
      beadId: "bd1",
      runId: "rn1",
      oid: proof.oid,
      base: run.base,
    }),
  ).toMatchObject({
    ok: false,
    error: { code: "not_saved" },
  });
});

test("[C4] a submodule of the base stays as it is, and a file tracked although ignored is not lost", async () => {
  const base = must(await fetchRig(rig.git, rig.rig, "main")).targetOid;
  const work = join(rig.dir, "work");
  await personGit(rig.dir, "clone", "--quiet", rig.remoteDir, work);
  await personGit(work, "update-index", "--add", "--cacheinfo", `160000,${base},lib/sub`);
  await write(work, "build/tracked.txt", "tracked\n");
  await personGit(work, "add", "-f", "build/tracked.txt");
  await personGit(work, "commit", "--quiet", "-m", "Submodule");
  await personGit(work, "push", "--quiet", "origin", "main");
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  const saved = await save(run);
  const listed = await personGit(rig.rig.storeDir, "ls-tree", "-r", saved.proof.oid);
  expect(listed).toContain(`160000 commit ${base}\tlib/sub`);
  expect(listed).toContain("build/tracked.txt");
  expect(await personGit(rig.rig.storeDir, "diff", "--name-only", run.base, saved.proof.oid)).toBe(
    "one.txt",
  );
});

test("[C23] links out of the tree, pipes and folders swapped for links are saved as what they are or left out", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await rm(join(run.treeDir, "src"), { recursive: true });
  await symlink(rig.rig.storeDir, join(run.treeDir, "src"));
  await rm(join(run.treeDir, "README.md"));
  await Bun.$`mkfifo ${join(run.treeDir, "pipe")} ${join(run.treeDir, "README.md")}`.quiet();
  await write(run.treeDir, "one.txt", "1\n");
  await chmod(join(run.treeDir, "one.txt"), 0o755);
  const saved = await save(run);
  const listed = await personGit(rig.rig.storeDir, "ls-tree", saved.proof.oid);
  expect(listed).toContain("120000");
  expect(listed).toMatch(/100755 blob [0-9a-f]+\tone\.txt/);
  expect(listed).not.toContain("pipe");
  expect(await show(saved.proof.oid, "README.md")).toBe("# Sample");
  expect(saved.unsaved).toEqual([{ path: "README.md", reason: "unreadable_file" }]);
  expect(await show(saved.proof.oid, "src")).toBe(rig.rig.storeDir);
});

test("[C4] a tree that git cannot read in time is kept, with an error and an earlier save untouched", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "one.txt", "1\n");
  const { proof } = await save(run);
  const slow: SandboxedExec = {
    run: (argv, options) => testSandbox.run(argv, { ...options, timeoutMs: 500 }),
    wrap: (argv, command) => testSandbox.wrap(argv, command),
  };
  await mkdir(join(run.treeDir, "new"));
  await Bun.$`mkfifo ${join(run.treeDir, "new/.gitignore")}`.quiet();
  const refused = await retireRun(
    gitTrees({ git: rig.git, root: rig.root, sandboxedExec: () => slow }),
    run,
    nowMs,
  );
  expect(refused).toMatchObject({ ok: false, error: { code: "timed_out", retryable: true } });
  expect(await Bun.file(join(run.treeDir, "one.txt")).text()).toBe("1\n");
  expect(await personGit(rig.rig.storeDir, "rev-parse", "refs/gastown/wip/bd1/rn1")).toBe(
    proof.oid,
  );
});
