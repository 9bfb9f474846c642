import { afterEach, beforeEach, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  makeRig,
  makeRun,
  must,
  nowMs,
  personGit,
  type RigFixture,
  write,
} from "../../support/git-rig.ts";
import type { RunRepository } from "../../../runner/git/run-repo.ts";
import { copySave } from "../../../runner/runs/saves/copy-save.ts";
import { RigDesk } from "../../../runner/works/rig-desk.ts";

const REF = "refs/gastown/wip/bd1/rn1";

let fixture: RigFixture;
let run: RunRepository;
beforeEach(async () => {
  fixture = await makeRig();
  run = await makeRun(fixture, "bd1", "rn1");
});
afterEach(() => fixture.remove());

async function save(): Promise<string> {
  return must(await fixture.works.trees.save(run, { nowMs })).proof.oid;
}
async function copy(oid: string, bytesMax?: number) {
  const { works, remoteDir } = fixture;
  const rig = { id: "rg1", remote: remoteDir };
  const names = { runId: "rn1", fence: { epoch: 1, n: 1 }, beadId: "bd1", rig };
  const oids = { baseOid: run.base, sinceOid: run.base, oid, heldOid: null, copies: true };
  const desk = { works, rigs: new RigDesk({ ...works.rigs, open: openFixture }) };
  return copySave(desk, { ...names, ...oids }, bytesMax);
}
const openFixture = () => Promise.resolve({ ok: true as const, rig: fixture.rig });
const inRemote = (...args: string[]) => personGit(fixture.remoteDir, ...args);

test("[C20] saved work reaches the rig's repository under a ref of its run, where a branch of the agent does not", async () => {
  await write(run.treeDir, "one.txt", "1\n");
  const first = await save();
  const branches = await inRemote("for-each-ref", "refs/heads");
  expect(await copy(first)).toEqual({ ok: true });
  expect(await inRemote("show", `${REF}:one.txt`)).toBe("1");
  // Saves of a tree without commits are no descendants of each other.
  await write(run.treeDir, "one.txt", "2\n");
  const second = await save();
  expect(await copy(second)).toEqual({ ok: true });
  expect(await copy(second)).toEqual({ ok: true });
  expect(await inRemote("rev-parse", REF)).toBe(second);
  expect(await inRemote("for-each-ref", "refs/heads")).toBe(branches);
});

test("[C20] the agent sees nothing of a save: its branch, index, stash and unfinished merge stay as they are", async () => {
  const git = (...args: string[]) => personGit(run.treeDir, ...args);
  await git("checkout", "-q", "-b", "other");
  await write(run.treeDir, "src/a.txt", "theirs\n");
  await git("commit", "-qam", "theirs");
  await git("checkout", "-q", run.branch);
  await write(run.treeDir, "src/a.txt", "ours\n");
  await git("commit", "-qam", "ours");
  await git("merge", "other").catch(() => "a conflict");
  await write(run.treeDir, "new.txt", "untracked\n");
  const look = () =>
    Promise.all([
      git("status", "--porcelain=v2", "--branch"),
      git("for-each-ref"),
      git("ls-files", "-s"),
      git("rev-parse", "HEAD", "MERGE_HEAD"),
    ]);
  const before = await look();
  expect(await copy(await save())).toEqual({ ok: true });
  expect(await look()).toEqual(before);
  expect(await inRemote("show", `${REF}:src/a.txt`)).toContain("<<<<<<<");
  expect(await inRemote("show", `${REF}:new.txt`)).toBe("untracked");
});

test("[C20] hooks, filters and attributes that the agent wrote neither run nor break a save and its copy", async () => {
  const trace = join(fixture.dir, "ran");
  const git = (...args: string[]) => personGit(run.treeDir, ...args);
  await write(run.treeDir, "hooks/pre-push", `#!/bin/sh\ntouch ${trace}\nexit 1\n`);
  await git("config", "core.hooksPath", join(run.treeDir, "hooks"));
  await git("config", "filter.evil.clean", `touch ${trace}; cat`);
  await git("config", "core.fsmonitor", `touch ${trace}`);
  await write(run.treeDir, ".gitattributes", "*.txt filter=evil\n");
  await write(run.treeDir, "one.txt", "1\n");
  expect(await copy(await save())).toEqual({ ok: true });
  expect(await inRemote("show", `${REF}:one.txt`)).toBe("1");
  expect(await Bun.file(trace).exists()).toBe(false);
});

test("[C20] what is too large, refused or somebody else's is told, and nothing of the repository is changed", async () => {
  await write(run.treeDir, "big.bin", "x".repeat(5_000));
  const oid = await save();
  expect(await copy(oid, 1_000)).toMatchObject({ error: { code: "too_large" } });
  const tip = await inRemote("rev-parse", "refs/heads/main");
  const blob = await inRemote("commit-tree", `${tip}^{tree}`, "-m", "somebody else's");
  await inRemote("update-ref", REF, blob);
  expect(await copy(oid)).toMatchObject({ error: { code: "branch_moved", retryable: false } });
  expect(await inRemote("rev-parse", REF)).toBe(blob);
  await inRemote("update-ref", "-d", REF);
  const hook = join(fixture.remoteDir, "hooks", "pre-receive");
  await Bun.write(hook, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  await Bun.$`chmod +x ${hook}`.quiet();
  expect(await copy(oid)).toMatchObject({ error: { code: "push_refused" } });
  await rm(hook);
  expect(await copy(oid)).toEqual({ ok: true });
});
