import { expect, test } from "bun:test";
import { join } from "node:path";
import { makeRemote, personGit, strayCommit, write } from "../../../tests/support/git-rig.ts";
import { tempDir } from "../../../tests/support/temp-dir.ts";
import { beginsOf, noteBegins } from "./begins.ts";

test("[B20] a folder tells where its commits left each state of the target that it has known", async () => {
  await using temp = await tempDir("begins");
  const fixture = { dir: temp.path, remoteDir: join(temp.path, "remote.git") };
  await makeRemote(fixture.remoteDir, { bare: true });
  const folder = join(temp.path, "hand");
  await personGit(temp.path, "clone", "--quiet", fixture.remoteDir, folder);
  const git = (...words: string[]) => personGit(folder, ...words);
  const commit = async (path: string) => {
    await write(folder, path, "x\n");
    await git("add", "-A");
    await git("commit", "--quiet", "-m", `Write ${path}`);
  };
  const first = await git("rev-parse", "HEAD");
  await noteBegins(folder, { rig: { target: "main" }, from: null });
  await commit("hand.txt");
  expect(await beginsOf(folder, "main")).toEqual([first]);
  // A newer target is brought in, and its history rewritten afterwards: that it was held is known still.
  const secret = await strayCommit(fixture, "secret.txt", "key\n");
  await git("pull", "--quiet", "--no-rebase", "origin", "main");
  await personGit(fixture.remoteDir, "update-ref", "refs/heads/main", first);
  const other = await strayCommit(fixture, "other.txt", "x\n");
  await git("fetch", "--quiet", "origin");
  expect(await git("rev-parse", "origin/main")).toBe(other);
  expect(await beginsOf(folder, "main")).toEqual([secret]);
  // What is put onto the new history holds nothing of the old one.
  await git("reset", "--quiet", "--hard", other);
  await commit("hand.txt");
  expect(await beginsOf(folder, "main")).toEqual([other]);
  // What the newest work began from counts too, though this folder never saw the target there.
  const saved = await git("rev-parse", "HEAD");
  const from = { oid: saved, refs: [], runnerId: "rr", baseOid: saved };
  await noteBegins(folder, { rig: { target: "main" }, from });
  await commit("more.txt");
  expect(await beginsOf(folder, "main")).toEqual([saved]);
  await git("checkout", "--quiet", "--orphan", "elsewhere");
  await git("commit", "--quiet", "-m", "Elsewhere");
  expect(beginsOf(folder, "main")).rejects.toThrow("no history in common with main");
});
