import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openGit, type Git } from "../../../runner/git/git.ts";
import { fetchRig, openRig } from "../../../runner/git/mirror.ts";
import {
  claimRoot,
  createOwned,
  type OwnedRoot,
  removeOwned,
  sweepTrash,
} from "../../../runner/git/paths.ts";
import { removeStaleLocks } from "../../../runner/host/stale-locks.ts";
import { parseRemote } from "../../../runner/git/remote.ts";
import { testExec } from "../../support/git-exec.ts";
import { makeRemote, must, personGit, write } from "../../support/git-rig.ts";

let dir: string;
let git: Git;
let root: OwnedRoot;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "gt-mirror-"));
  git = await openGit({ exec: testExec, home: join(dir, "home"), path: process.env["PATH"] ?? "" });
  root = must(await claimRoot(join(dir, "runner"))).root;
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function fetchFrom(url: string, target = "main", kind: "path" | "url" = "path") {
  const { rig } = must(await openRig(git, root, "rg1", { url, kind }));
  return { rig, result: await fetchRig(git, rig, target) };
}

test("[A4] a bare repository and a checkout, clean or dirty, are mirrored", async () => {
  await makeRemote(join(dir, "bare"), { bare: true });
  const bare = await fetchFrom(join(dir, "bare"));
  expect(bare.result).toMatchObject({ ok: true, shape: { kind: "bare" } });
  await makeRemote(join(dir, "work"), { bare: false });
  await write(join(dir, "work"), "src/a.txt", "dirty\n");
  const { rig } = must(await openRig(git, root, "rg2", { url: join(dir, "work"), kind: "path" }));
  expect(await fetchRig(git, rig, "main")).toMatchObject({
    ok: true,
    shape: { kind: "checkout", branch: "main" },
  });
  const config = (key: string) => personGit(rig.mirrorDir, "config", key);
  expect([
    await config("gc.auto"),
    await config("maintenance.auto"),
    await config("core.repositoryformatversion"),
    await config("extensions.preciousobjects"),
  ]).toEqual(["0", "false", "1", "true"]);
  expect(await personGit(rig.mirrorDir, "fsck", "--connectivity-only")).toBe("");
  await rm(rig.mirrorDir, { recursive: true });
  expect(await personGit(rig.storeDir, "rev-list", "--objects", "--count", "--all")).toBe("7");
});

test("[A4] a branch that is gone is pruned; private refs of the mirror and the store stay", async () => {
  await makeRemote(join(dir, "bare"), { bare: true });
  await personGit(join(dir, "bare"), "branch", "gone", "main");
  const { rig } = await fetchFrom(join(dir, "bare"));
  await personGit(rig.storeDir, "update-ref", "refs/gastown/wip/b/r", "refs/remotes/origin/gone");
  await personGit(join(dir, "bare"), "branch", "-D", "gone");
  must(await fetchRig(git, rig, "main"));
  expect(await personGit(rig.storeDir, "for-each-ref", "--format=%(refname)")).toBe(
    "refs/gastown/wip/b/r\nrefs/remotes/origin/main",
  );
});

test("[C6] locks that a killed git left are removed at the next start, and nothing else is", async () => {
  await makeRemote(join(dir, "bare"), { bare: true });
  const { rig } = await fetchFrom(join(dir, "bare"));
  const locks = [rig.mirrorDir, rig.storeDir].flatMap((repository) =>
    ["config.lock", "packed-refs.lock", "refs/remotes/origin/main.lock"].map((name) =>
      join(repository, name),
    ),
  );
  const half = join(rig.storeDir, "objects", "pack", "tmp_pack_a1b2c3");
  for (const path of [...locks, half]) await writeFile(path, "");
  const next = ["commit-tree", "main^{tree}", "-p", "main", "-m", "next"];
  const oid = await personGit(join(dir, "bare"), ...next);
  await personGit(join(dir, "bare"), "update-ref", "refs/heads/main", oid);
  const stuck = await fetchRig(git, rig, "main");
  expect(stuck).toMatchObject({ ok: false, error: { code: "git_failed", retryable: true } });
  const nowMs = Date.now();
  expect(await removeStaleLocks(root, { nowMs, olderThanMs: 60_000 })).toEqual([]);
  expect(await removeStaleLocks(root, { nowMs: nowMs + 1, olderThanMs: 0 })).toEqual(
    expect.arrayContaining(locks),
  );
  expect(await Bun.file(half).exists()).toBe(false);
  expect((await fetchFrom(join(dir, "bare"))).result).toMatchObject({ ok: true });
  expect(await personGit(rig.storeDir, "fsck")).toBe("");
});

test("[C3] a repository that answers and then says nothing is out of reach, long before the deadline", async () => {
  await using hung = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: () => new Promise<Response>(() => {}),
  });
  const path = process.env["PATH"] ?? "";
  git = await openGit({ exec: testExec, home: join(dir, "home"), path, stallSeconds: 1 });
  const { result } = await fetchFrom(`${hung.url.href}shop.git`, "main", "url");
  expect(result).toMatchObject({ ok: false, error: { code: "unreachable", retryable: true } });
});

test("[A4] an empty repository, a missing branch, a cut history, a plain folder and an unreachable host have their own errors", async () => {
  await mkdir(join(dir, "empty"));
  await personGit(join(dir, "empty"), "init", "--quiet", "--bare");
  expect((await fetchFrom(join(dir, "empty"))).result).toMatchObject({
    ok: false,
    error: { code: "empty_repository" },
  });
  await makeRemote(join(dir, "bare"), { bare: true });
  expect((await fetchFrom(join(dir, "bare"), "nope")).result).toMatchObject({
    ok: false,
    error: { code: "missing_branch" },
  });
  await personGit(
    join(dir, "bare"),
    "update-ref",
    "refs/heads/x",
    await personGit(join(dir, "bare"), "commit-tree", "-p", "main", "-m", "x", "main^{tree}"),
  );
  await personGit(
    dir,
    "clone",
    "--quiet",
    "--depth=1",
    "--branch=x",
    `file://${join(dir, "bare")}`,
    "cut",
  );
  expect((await fetchFrom(join(dir, "cut"), "x")).result).toMatchObject({
    ok: false,
    error: { code: "shallow_repository" },
  });
  await mkdir(join(dir, "plain"));
  expect((await fetchFrom(join(dir, "plain"))).result).toMatchObject({
    ok: false,
    error: { code: "not_a_repository" },
  });
  expect((await fetchFrom("http://127.0.0.1:1/x.git", "main", "url")).result).toMatchObject({
    ok: false,
    error: { code: "unreachable", retryable: true },
  });
});

test("[A4] a private repository over http asks for a credential, which then goes to that origin only and stands nowhere else", async () => {
  const seen: (string | null)[] = [];
  const host = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      seen.push(request.headers.get("authorization"));
      return new Response("no", {
        status: 401,
        headers: { "WWW-Authenticate": 'Basic realm="x"' },
      });
    },
  });
  const url = `http://127.0.0.1:${host.port}/private.git`;
  const secret = "s3cr3t-value";
  const argvs: string[] = [];
  const watched = {
    run: (argv: readonly string[], options: Parameters<typeof testExec.run>[1]) => (
      argvs.push(argv.join(" ")),
      testExec.run(argv, options)
    ),
  };
  const watchedGit = await openGit({
    exec: watched,
    home: join(dir, "home"),
    path: process.env["PATH"] ?? "",
    askAccess: () => Promise.resolve({ ok: true, credential: { username: "x", password: secret } }),
  });
  const { rig } = must(await openRig(git, root, "rg1", { url, kind: "url" }));
  expect(await fetchRig(git, rig, "main")).toMatchObject({
    ok: false,
    error: { code: "authentication" },
  });
  const given = await fetchRig(watchedGit, rig, "main");
  await host.stop(true);
  expect(given).toMatchObject({ ok: false, error: { code: "authentication" } });
  expect(seen).toContain(`Basic ${btoa(`x:${secret}`)}`);
  expect(argvs.join("\n")).not.toContain(secret);
  expect(JSON.stringify(given)).not.toContain(secret);
});

test("[A4] an address with a password, a relative path and a missing folder are refused before anything is asked", async () => {
  expect(await parseRemote("https://me:pw@host.test/x.git")).toMatchObject({
    ok: false,
    error: { code: "credential_in_url" },
  });
  expect(await parseRemote("../x")).toMatchObject({
    ok: false,
    error: { code: "unsupported_url" },
  });
  expect(await parseRemote("ext::sh -c id")).toMatchObject({
    ok: false,
    error: { code: "unsupported_url" },
  });
  expect(await parseRemote("-oProxyCommand=id:x")).toMatchObject({
    ok: false,
    error: { code: "unsupported_url" },
  });
  expect(await parseRemote(join(dir, "nowhere"))).toMatchObject({
    ok: false,
    error: { code: "not_a_repository" },
  });
  for (const good of [
    "https://host.test:8443/group/sub/x.git",
    "ssh://git@host.test:2222/x.git",
    "git@host.test:group/x.git",
  ]) {
    expect(await parseRemote(good)).toMatchObject({ ok: true, remote: { kind: "url", url: good } });
  }
});

test("[C4] nothing outside the runner's folder, through a link, or without its mark is ever removed", async () => {
  await mkdir(join(dir, "precious"));
  await write(join(dir, "precious"), "file", "x");
  expect(await claimRoot(join(dir, "precious"))).toMatchObject({
    ok: false,
    error: { code: "not_owned" },
  });
  const { path } = must(await createOwned(root, ["scratch", "one"], "scratch"));
  await symlink(join(dir, "precious"), join(path, "link"));
  await symlink(join(dir, "precious"), join(root.path, "scratch", "two"));
  for (const target of [
    join(dir, "precious"),
    join(root.path, "scratch", "two"),
    root.path,
    join(root.path, "scratch"),
    join(root.path, "scratch", "one", "..", "..", "..", "precious"),
  ]) {
    const result = await removeOwned(root, target, "scratch", null);
    expect(result.ok).toBe(false);
  }
  expect(await removeOwned(root, path, "rig", null)).toMatchObject({
    ok: false,
    error: { code: "not_owned" },
  });
  expect(must(await removeOwned(root, path, "scratch", null)).removed).toBe(true);
  expect(must(await removeOwned(root, path, "scratch", null)).removed).toBe(false);
  expect(await Bun.file(join(dir, "precious", "file")).text()).toBe("x");
  expect(await sweepTrash(root)).toBe(0);
});
