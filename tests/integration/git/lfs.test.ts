// Files whose contents Git LFS keeps: fetched by its own program, put into trees, and pointers again in what is saved.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ok } from "../../../protocol/error.ts";
import { contentsBringer } from "../../../runner/git/lfs/contents.ts";
import { RepositoryKeys } from "../../../runner/works/repository-keys.ts";
import { gitWorks } from "../../../runner/works/git-works.ts";
import { openGit, type Git } from "../../../runner/git/git.ts";
import { fetchRig, openRig, type RigRepository } from "../../../runner/git/mirror.ts";
import type { RunRepository } from "../../../runner/git/run-repo.ts";
import { writingFilter } from "../../../runner/git/lfs/filter.ts";
import type { Exec } from "../../../runner/git/exec.ts";
import { testExec, testSandbox } from "../../support/git-exec.ts";
import { openGitHost } from "../../support/git-host.ts";
import { keepFiles, lfsOid, lfsPath, pointerOf } from "../../support/lfs.ts";
import {
  attribution,
  makeRig,
  must,
  nowMs,
  personGit,
  write,
  type RigFixture,
} from "../../support/git-rig.ts";

const ART = "a picture of a hay cart\n";
const SOUND = "a bell\n";

let fixture: RigFixture;
beforeEach(async () => {
  fixture = await makeRig();
  await keepFiles(fixture.remoteDir, { "art.bin": ART, "folder/a bell.bin": SOUND });
});
afterEach(() => fixture.remove());

const tipOf = async () => must(await fetchRig(fixture.git, fixture.rig, "main")).targetOid;
const bring = async (oid: string) => fixture.works.lfs.bring(fixture.rig, oid, null);
/** A run whose tree is to have contents. */
async function runOf(base: string, start?: string): Promise<RunRepository> {
  const ids = { beadId: "bd1", runId: `rn${++runs}` };
  const wish = { ...ids, base, start: start ?? base, targetBranch: "main", attribution };
  return must(await fixture.works.trees.create(fixture.rig, { ...wish, contents: true })).run;
}
let runs = 0;

/** A git whose rigs have a credential with this password, until another is given. */
async function gitWith(password: string) {
  let given = password;
  const keys = new RepositoryKeys();
  keys.join(() => Promise.resolve(ok({ credential: { username: "town", password: given } })));
  const git = await openGit({
    exec: testExec,
    home: join(fixture.dir, "home"),
    path: process.env["PATH"] ?? "",
    askAccess: (access, url) => keys.ask(access, url),
  });
  return { git, give: (other: string) => void (given = other) };
}

async function rigAt(git: Git, id: string, url: string) {
  const { rig } = must(await openRig(git, fixture.root, id, { url, kind: "url" }));
  return { rig, tip: must(await fetchRig(git, rig, "main")).targetOid };
}

const bringTo = (git: Git, rig: RigRepository, oid: string) => contentsBringer(git)(rig, oid, null);

const read = (dir: string, path: string) => Bun.file(join(dir, path)).text();

test("[C22] contents are in a run's tree, its own git sees no change, and what is saved has pointers", async () => {
  const tip = await tipOf();
  expect(await bring(tip)).toEqual({ files: 2, missing: [], absence: null });
  const run = await runOf(tip);
  expect(await read(run.treeDir, "art.bin")).toBe(ART);
  expect(await read(run.treeDir, "folder/a bell.bin")).toBe(SOUND);
  expect(await personGit(run.treeDir, "status", "--porcelain")).toBe("");
  const { trees, history } = fixture.works;
  expect(must(await trees.save(run, { nowMs })).proof.oid).toBe(tip);
  // A copy is the same content; an edit is a person's or an agent's work, and kept as it is.
  await write(run.treeDir, "copy.bin", ART);
  await write(run.treeDir, "art.bin", "repainted\n");
  const { oid } = must(await trees.save(run, { nowMs })).proof;
  const show = (path: string) => personGit(fixture.rig.storeDir, "show", `${oid}:${path}`);
  expect(`${await show("copy.bin")}\n`).toBe(pointerOf(ART));
  expect(await show("art.bin")).toBe("repainted");
  const changed = must(await history.changedPaths(fixture.rig, tip, oid)).paths;
  expect(changed.map(({ path }) => path)).toEqual(["art.bin", "copy.bin"]);
  expect(await fixture.works.lfs.plain(fixture.rig, tip, oid)).toEqual(["art.bin"]);
});

test("[C22] an agent's own commit of a tree with contents has pointers", async () => {
  const tip = await tipOf();
  await bring(tip);
  const run = await runOf(tip);
  await write(run.treeDir, "again.bin", SOUND);
  await personGit(run.treeDir, "add", "-A");
  await personGit(run.treeDir, "commit", "--quiet", "-m", "A second bell");
  expect(`${await personGit(run.treeDir, "show", "HEAD:again.bin")}\n`).toBe(pointerOf(SOUND));
});

test("[C22] gates find contents in their tree, of a tree that no commit has too, and nothing counts as changed", async () => {
  const tip = await tipOf();
  const tree = await personGit(fixture.rig.storeDir, "rev-parse", `${tip}^{tree}`);
  expect(await bring(tree)).toMatchObject({ files: 2, missing: [] });
  const { scratch } = fixture.works;
  const made = must(
    await scratch.write(fixture.rig, { name: "rn1", oid: tree, contents: true }),
  ).scratch;
  expect(await read(made.treeDir, "art.bin")).toBe(ART);
  // Written anew with the same words: only a look at the content can tell.
  await write(made.treeDir, "art.bin", ART);
  expect(must(await scratch.changed(made)).paths).toEqual([]);
  await write(made.treeDir, "art.bin", "repainted\n");
  expect(must(await scratch.changed(made)).paths).toEqual(["art.bin"]);
});

test("[C22] a tree made ready ahead has contents, and keeps them when a run takes it", async () => {
  const tip = await tipOf();
  await bring(tip);
  const { trees } = fixture.works;
  const { warm } = must(await trees.warm(fixture.rig, { name: "w1", oid: tip, contents: true }));
  expect(await read(warm.treeDir, "art.bin")).toBe(ART);
  const wish = { beadId: "bd1", runId: "rn1", base: tip, targetBranch: "main", attribution };
  const { run } = must(await trees.adopt(warm, { ...wish, contents: true }));
  expect(await personGit(run.treeDir, "status", "--porcelain")).toBe("");
  expect(must(await trees.save(run, { nowMs })).proof.oid).toBe(tip);
});

test("[C22] what the remote has lost is a pointer in the tree, and is named", async () => {
  await unlink(lfsPath(fixture.remoteDir, lfsOid(SOUND)));
  const tip = await tipOf();
  const contents = await bring(tip);
  expect(contents).toMatchObject({ files: 2, missing: ["folder/a bell.bin"] });
  expect(contents.absence?.why).toBe("gone");
  const run = await runOf(tip);
  expect(await read(run.treeDir, "art.bin")).toBe(ART);
  expect(await read(run.treeDir, "folder/a bell.bin")).toBe(pointerOf(SOUND));
  expect(must(await fixture.works.trees.save(run, { nowMs })).proof.oid).toBe(tip);
});

test("[C22] pointers to more than the disk has room for bring nothing", async () => {
  const tip = await tipOf();
  const run = await runOf(tip);
  const large = pointerOf(ART).replace(/size \d+/, `size ${2 ** 46}`);
  for (const name of ["one.bin", "two.bin"]) await write(run.treeDir, name, large);
  const { oid } = must(await fixture.works.trees.save(run, { nowMs })).proof;
  const contents = await bring(oid);
  expect(contents).toMatchObject({ files: 4, absence: { why: "space" } });
  expect(
    await Array.fromAsync(new Bun.Glob("**/lfs/objects/**").scan(fixture.rig.mirrorDir)),
  ).toEqual([]);
});

test("[C22] a tree that is to have pointers has them, whatever the mirror has, and is saved as it is", async () => {
  const tip = await tipOf();
  await bring(tip);
  const { trees } = fixture.works;
  const wish = { beadId: "bd1", runId: "rn1", base: tip, targetBranch: "main", attribution };
  const { run } = must(await trees.create(fixture.rig, wish));
  expect(await read(run.treeDir, "art.bin")).toBe(pointerOf(ART));
  expect(must(await trees.save(run, { nowMs })).proof.oid).toBe(tip);
});

test("[C22] a content that the mirror's disk has not kept whole is none: no tree gets it, and no work becomes its pointer", async () => {
  const tip = await tipOf();
  await bring(tip);
  const whole = await runOf(tip);
  const kept = lfsPath(fixture.rig.mirrorDir, lfsOid(ART));
  await writeFile(kept, "x".repeat(ART.length));
  // Its tree was written before: it is work now, and kept as it is.
  const { oid } = must(await fixture.works.trees.save(whole, { nowMs })).proof;
  expect(`${await personGit(fixture.rig.storeDir, "show", `${oid}:art.bin`)}\n`).toBe(ART);
  const broken = await runOf(tip);
  expect(await read(broken.treeDir, "art.bin")).toBe(pointerOf(ART));
  expect(must(await fixture.works.trees.save(broken, { nowMs })).proof.oid).toBe(tip);
});

test("[C22] where a filter has no room for its copy, a file in git is in the tree as it is", async () => {
  const tip = await tipOf();
  await bring(tip);
  const run = await runOf(tip);
  const large = "work of an agent\n".repeat(200_000);
  await write(run.treeDir, "work.bin", large);
  const { oid } = must(await fixture.works.trees.save(run, { nowMs })).proof;
  // Whatever it is that ends a copy half way: here a limit on the size of files.
  const exec: Exec = {
    run: (argv, options) =>
      testExec.run(["sh", "-c", 'ulimit -f 2048; exec "$@"', "sh", ...argv], options),
  };
  const filter = writingFilter(fixture.rig, true).config?.["filter.lfs.smudge"] ?? "";
  const options = { cwd: fixture.dir, env: { PATH: process.env["PATH"] ?? "" } };
  const limits = { timeoutMs: 20_000, outputBytesMax: 8_000_000 };
  const smudged = await exec.run(["sh", "-c", filter], { ...options, ...limits, stdin: large });
  expect(smudged.exit.code).not.toBe(0);
  const again = await runOf(tip, oid);
  expect(await read(again.treeDir, "work.bin")).toBe(large);
});

test("[C22] what one file lacks says nothing of the others", async () => {
  await unlink(lfsPath(fixture.remoteDir, lfsOid(SOUND)));
  await using host = openGitHost(fixture.dir, { town: { password: "", writes: false } });
  // Where the other lies nobody listens.
  host.moved.set(`/remote.git/info/lfs/objects/${lfsOid(ART)}`, "http://127.0.0.1:1");
  const { git } = await gitWith("");
  const { rig, tip } = await rigAt(git, "rg2", `${host.url}/remote`);
  const { missing, absence } = await bringTo(git, rig, tip);
  expect(missing.toSorted()).toEqual(["art.bin", "folder/a bell.bin"]);
  expect(absence?.why).toBe("trouble");
});

test("[C22] of a remote on this disk only what is whole is taken", async () => {
  await writeFile(lfsPath(fixture.remoteDir, lfsOid(ART)), "x".repeat(ART.length));
  expect(await bring(await tipOf())).toMatchObject({ missing: ["art.bin"] });
});

test("[C22] only files that the attributes name are Git LFS's, and a pointer that it would not write stays one, and is named", async () => {
  const tip = await tipOf();
  const run = await runOf(tip);
  await write(run.treeDir, "notes.txt", pointerOf(ART).replace(/size \d+/, `size ${2 ** 46}`));
  const odd = pointerOf(ART).replace("oid", `ext-0-x sha256:${lfsOid("y")}\noid`);
  const name = `z.bin\n    size: 4\n     oid: sha256 ${lfsOid(SOUND)}\n.bin`;
  await write(run.treeDir, name, odd);
  const { oid } = must(await fixture.works.trees.save(run, { nowMs })).proof;
  expect(await bring(oid)).toEqual({
    files: 3,
    missing: [name],
    absence: { why: "gone", text: "The remote does not have them." },
  });
});

test("[C22] many that want contents at once get them, and the files can be read by agents' users", async () => {
  await chmod(lfsPath(fixture.remoteDir, lfsOid(ART)), 0o600);
  const tip = await tipOf();
  const all = await Promise.all([bring(tip), bring(tip), bring(tip)]);
  for (const contents of all) expect(contents).toEqual({ files: 2, missing: [], absence: null });
  const { mode } = await stat(lfsPath(fixture.rig.mirrorDir, lfsOid(ART)));
  expect(mode & 0o777).toBe(0o644);
});

test("[C22] a bug that meets one who wants contents is not met by the next", async () => {
  const tip = await tipOf();
  let calls = 0;
  const git: Git = {
    run: (request) => {
      calls += 1;
      if (calls === 1) throw new TypeError("a bug");
      return fixture.git.run(request);
    },
  };
  const bringWith = contentsBringer(git);
  const first = bringWith(fixture.rig, tip, null);
  const second = bringWith(fixture.rig, tip, null);
  expect(first).rejects.toThrow("a bug");
  expect(await second).toEqual({ files: 2, missing: [], absence: null });
});

test("[C22] a runner has files of its own, and a remote on its disk keeps its", async () => {
  await bring(await tipOf());
  const theirs = await stat(lfsPath(fixture.remoteDir, lfsOid(ART)));
  const ours = await stat(lfsPath(fixture.rig.mirrorDir, lfsOid(ART)));
  expect(ours.ino).not.toBe(theirs.ino);
});

test("[C22] a runner without git-lfs says so, and its trees have pointers", async () => {
  const path = join(fixture.dir, "bin");
  await mkdir(path);
  await symlink(Bun.which("git") ?? "", join(path, "git"));
  const git = await openGit({ exec: testExec, home: join(fixture.dir, "home"), path });
  const works = gitWorks({
    git,
    root: fixture.root,
    sandboxedExec: () => testSandbox,
    personHome: fixture.dir,
  });
  const { absence } = await works.lfs.bring(fixture.rig, await tipOf(), null);
  expect(absence).toMatchObject({ why: "program", text: expect.stringContaining("git-lfs") });
});

test("[C2][C22] a code host that asks who it is gives contents for the rig's credential", async () => {
  const SECRET = "ghp_only-this-repository-0002";
  await using host = openGitHost(fixture.dir, { town: { password: SECRET, writes: false } });
  const { git, give } = await gitWith(SECRET);
  const { rig, tip } = await rigAt(git, "rg2", `${host.url}/remote`);
  give("ghp_of-nobody");
  expect(await bringTo(git, rig, tip)).toMatchObject({
    missing: ["art.bin", "folder/a bell.bin"],
    absence: { why: "trouble" },
  });
  give(SECRET);
  expect(await bringTo(git, rig, tip)).toEqual({ files: 2, missing: [], absence: null });
  const config = await personGit(rig.mirrorDir, "config", "--list", "--local");
  expect(config).not.toContain(SECRET);
});
