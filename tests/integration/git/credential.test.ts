// The credential of a rig, from the town's word to a code host that asks who it is: what git gets, what it tells whom.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ok, refuse, type Ack } from "../../../protocol/error.ts";
import type { RepositoryAccess, RepositoryFrame } from "../../../protocol/runner-frames.ts";
import type { Exec, ExecOptions } from "../../../runner/git/exec.ts";
import { openGit, type Git } from "../../../runner/git/git.ts";
import { fetchRig, openRig, type RigRepository } from "../../../runner/git/mirror.ts";
import { claimRoot, type OwnedRoot } from "../../../runner/git/paths.ts";
import { pushRefs, remotePlace, remoteRefs } from "../../../runner/git/push.ts";
import { gitWorks } from "../../../runner/works/git-works.ts";
import { RepositoryKeys } from "../../../runner/works/repository-keys.ts";
import { testExec, testSandbox } from "../../support/git-exec.ts";
import { openGitHost, type GitHost } from "../../support/git-host.ts";
import { makeRemote, must, personGit } from "../../support/git-rig.ts";
import { tempDir, type TempDir } from "../../support/temp-dir.ts";

const SECRET = "ghp_only-this-repository-0001";
const RUN = { runId: "rn-1", fence: { epoch: 1, n: 1 } };

let temp: TempDir;
let host: GitHost;
let root: OwnedRoot;
let git: Git;
/** What git was started with. */
let started: { argv: readonly string[]; options: ExecOptions }[];
let wishes: Omit<RepositoryFrame, "connection">[];
let answer: () => Ack<RepositoryAccess>;
let rig: RigRepository;

beforeEach(async () => {
  temp = await tempDir("git-credential");
  await mkdir(join(temp.path, "host"));
  for (const name of ["shop", "other"])
    await makeRemote(join(temp.path, "host", `${name}.git`), { bare: true });
  host = openGitHost(join(temp.path, "host"), { town: { password: SECRET, writes: true } });
  ({ root } = must(await claimRoot(join(temp.path, "runner"))));
  started = [];
  wishes = [];
  answer = () => ok({ credential: { username: "town", password: SECRET } });
  const keys = new RepositoryKeys();
  keys.join((wish) => {
    wishes.push(wish);
    return Promise.resolve(answer());
  });
  const exec: Exec = {
    run: (argv, options) => {
      started.push({ argv, options });
      return testExec.run(argv, options);
    },
  };
  git = await openGit({
    exec,
    home: join(root.path, "git-home"),
    path: process.env["PATH"] ?? "",
    askAccess: (access, url) => keys.ask(access, url),
  });
  rig = await rigAt(`${host.url}/shop.git`);
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
  await temp[Symbol.asyncDispose]();
});

async function rigAt(url: string): Promise<RigRepository> {
  return must(await openRig(git, root, "rg1", { url, kind: "url" })).rig;
}

const push = (ref: string, to: string) =>
  pushRefs(git, rig.storeDir, remotePlace(rig, "push", RUN), [{ ref, to, expected: null }]);
const attempt = (credential: { username: string; password: string } | null) =>
  gitWorks({ git, root, sandboxedExec: () => testSandbox, personHome: temp.path }).rigs.attempt(
    rig,
    credential,
  );

test("[C2] a fetch and a push to a host that asks who it is go with the rig's credential, asked for each of them by name", async () => {
  const { targetOid } = must(await fetchRig(git, rig, "main", RUN));
  expect(must(await push("refs/heads/gastown/run/b/r", targetOid)).refs).toMatchObject([
    { state: "updated" },
  ]);
  const remote = { rigId: "rg1", remote: rig.remote.url };
  expect(wishes).toEqual([
    { ...remote, use: "read", run: RUN },
    { ...remote, use: "push", run: RUN },
  ]);
  const there = await personGit(join(temp.path, "host", "shop.git"), "for-each-ref");
  expect(there).toContain("refs/heads/gastown/run/b/r");
});

test("[C2] [R9] the credential is in no argument, no environment, no file of the runner and no answer of git's", async () => {
  must(await fetchRig(git, rig, "main", RUN));
  const read = must(await remoteRefs(git, remotePlace(rig, "merge", RUN), ["refs/heads/main"]));
  host.members.clear();
  const refused = await fetchRig(git, rig, "main", RUN);
  expect(refused).toMatchObject({ ok: false });
  const encoded = Buffer.from(`town:${SECRET}`).toString("base64");
  expect(host.asked.map(({ as }) => as)).toContain(`town:${SECRET}`);
  for (const secret of [SECRET, encoded]) {
    for (const { argv, options } of started) {
      expect(argv.join(" ")).not.toContain(secret);
      expect(JSON.stringify(options.env)).not.toContain(secret);
    }
    expect(JSON.stringify([[...read.refs], refused])).not.toContain(secret);
    for (const entry of await readdir(root.path, { recursive: true, withFileTypes: true }))
      if (entry.isFile())
        expect(await readFile(join(entry.parentPath, entry.name), "latin1")).not.toContain(secret);
  }
});

test("[C2] while git is at work no process of the host shows the credential in its command line or its environment", async () => {
  const seen: string[] = [];
  await using slow = openGitHost(join(temp.path, "host"), {});
  // The host is asked a second time, now by name: git and what it has started are there and wait for the answer.
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
  const { promise: looked, resolve: haveLooked } = Promise.withResolvers<void>();
  await using waiting = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      if (request.headers.get("authorization") !== null) {
        isAsked();
        await looked;
      }
      return fetch(new URL(new URL(request.url).pathname, slow.url));
    },
  });
  rig = await rigAt(new URL("/shop.git", waiting.url).href);
  const fetching = fetchRig(git, rig, "main", RUN);
  await asked;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name)))
    for (const file of ["cmdline", "environ"])
      // One that has ended meanwhile, or is another user's.
      seen.push(await readFile(`/proc/${pid}/${file}`, "latin1").catch(() => ""));
  haveLooked();
  await fetching;
  expect(seen.some((text) => text.includes(`credential.${rig.remote.url}.helper`))).toBe(true);
  expect(seen.filter((text) => text.includes(SECRET))).toEqual([]);
});

test("[C2] a credential goes to the rig's own address only: not to another repository, nor to where the host sends git on", async () => {
  await using elsewhere = openGitHost(join(temp.path, "host"), {
    town: { password: SECRET, writes: true },
  });
  host.moved.set("/moved.git", `${elsewhere.url}/shop.git`);
  rig = await rigAt(`${host.url}/moved.git`);
  const sent = await fetchRig(git, rig, "main", RUN);
  expect(sent).toMatchObject({ ok: false, error: { code: "not_a_repository", retryable: false } });
  expect(elsewhere.asked).toEqual([]);
  // What is asked for one repository is of no use for another: git offers it to nobody else.
  const credential = {
    url: `${host.url}/shop.git`,
    secret: { username: "town", password: SECRET },
  };
  for (const url of [`${host.url}/other.git`, `${elsewhere.url}/shop.git`]) {
    const run = await git.run({ args: ["ls-remote", "--", url], credential });
    expect(run.ok).toBe(false);
  }
  expect([...host.asked, ...elsewhere.asked].map(({ as }) => as)).not.toContain(`town:${SECRET}`);
});

test("[C2] a changed credential is in use with the next operation; a wrong one, one without a right and none each say what to do", async () => {
  must(await fetchRig(git, rig, "main", RUN));
  const next = "ghp_only-this-repository-0002";
  host.members.set("town", { password: next, writes: true });
  const old = await fetchRig(git, rig, "main", RUN);
  expect(old).toMatchObject({ error: { code: "authentication", retryable: false } });
  expect(old.ok ? "" : old.error.message).toContain("refuses the credential that it was given");
  answer = () => ok({ credential: { username: "town", password: next } });
  const { targetOid } = must(await fetchRig(git, rig, "main", RUN));
  host.members.set("town", { password: next, writes: false });
  expect(await push("refs/heads/x", targetOid)).toMatchObject({
    error: { code: "authentication" },
  });
  answer = () => ok({ credential: null });
  const none = await fetchRig(git, rig, "main", RUN);
  expect(none).toMatchObject({ error: { code: "authentication" } });
  expect(none.ok ? "" : none.error.next).toContain("gastown rig credential");
});

test("[C2] what the town refuses starts no git; while the town is away only a rig that has none goes on", async () => {
  const before = started.length;
  answer = () => refuse("forbidden", "this runner does not have the labels that the rig wants.");
  expect(await fetchRig(git, rig, "main", null)).toMatchObject({
    error: {
      ...{ code: "authentication", retryable: false },
      message: expect.stringContaining("labels that the rig wants"),
    },
  });
  answer = () => refuse("offline", "The town cannot be reached now.", { retryable: true });
  expect(await fetchRig(git, rig, "main", null)).toMatchObject({
    error: { code: "unreachable", retryable: true },
  });
  expect(started.length).toBe(before);
  expect(host.asked).toEqual([]);
  answer = () => ok({ credential: null });
  await fetchRig(git, rig, "main", null);
  answer = () => refuse("offline", "The town cannot be reached now.", { retryable: true });
  // The host answers now, that it asks for one.
  expect(await fetchRig(git, rig, "main", null)).toMatchObject({
    error: { code: "authentication" },
  });
});

test("[C2] a credential is tried before it is kept: whether it may read, and whether it may write; nothing is written", async () => {
  const heads = () => personGit(join(temp.path, "host", "shop.git"), "for-each-ref");
  const before = await heads();
  const given = { username: "town", password: SECRET };
  must(await attempt(given));
  must(await attempt(null));
  expect(await attempt({ ...given, password: "wrong" })).toMatchObject({
    error: { code: "authentication" },
  });
  host.members.set("town", { password: SECRET, writes: false });
  expect(await attempt(given)).toMatchObject({ error: { code: "push_refused" } });
  expect(await heads()).toBe(before);
});
