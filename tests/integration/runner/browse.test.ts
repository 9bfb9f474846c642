// Looking into a rig's repository through a real runner: folders, files and history at any ref, without a checkout.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BROWSE_FILE_BYTES_MAX, type BrowseWish } from "../../../protocol/entities/browse.ts";
import { personGit, strayCommit, write } from "../../support/git-rig.ts";
import { rigSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
  await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
});
afterEach(() => stage.close());

const WISH: BrowseWish = {
  ...{ ref: null, path: "", offset: 0, bytes: BROWSE_FILE_BYTES_MAX, commits: 0, fetch: false },
};
const rig = () => rigSpec(stage.remoteDir, { id: `rg_${"0".repeat(26)}` });
const look = (wish: Partial<BrowseWish>) =>
  stage.town.browse({ rig: rig(), wish: { ...WISH, ...wish } });

test("[C18] a rig that was never fetched is fetched for the first look, and folders come before files", async () => {
  const found = await look({});
  expect(found).toMatchObject({
    ok: true,
    value: {
      ...{ kind: "folder", ref: "main", path: "", isCut: false },
      entries: [
        { name: "src", kind: "folder", bytes: null },
        { name: ".gitignore", kind: "file", bytes: 7 },
        { name: "README.md", kind: "file", bytes: 9 },
      ],
    },
  });
  expect(await look({ path: "/src/./a.txt" })).toMatchObject({
    value: { kind: "file", path: "src/a.txt", text: "one\ntwo\nthree\n", next: null },
  });
});

test("[C18] what is new on the remote is seen when it is asked for, other branches and commits by their names", async () => {
  await look({});
  const before = await personGit(stage.remoteDir, "rev-parse", "main");
  await strayCommit(stage, "new.txt", "new\n");
  expect(await look({ path: "new.txt" })).toMatchObject({ error: { code: "not_found" } });
  expect(await look({ path: "new.txt", fetch: true })).toMatchObject({ value: { text: "new\n" } });
  expect(await look({ path: "new.txt", ref: before.slice(0, 9) })).toMatchObject({
    error: { code: "not_found", message: expect.stringContaining("new.txt is not in") },
  });
  await personGit(stage.remoteDir, "branch", "feature/x", before);
  // A name that is not known is looked for at the remote.
  expect(await look({ ref: "feature/x" })).toMatchObject({ value: { oid: before } });
});

test("[C18] the history of a path is listed newest first, up to a number", async () => {
  await strayCommit(stage, "src/a.txt", "again\n");
  await strayCommit(stage, "other.txt", "o\n");
  expect(await look({ path: "src", commits: 5, fetch: true })).toMatchObject({
    value: {
      kind: "log",
      isCut: false,
      commits: [
        { subject: "Stray change of src/a.txt", author: "Ada Person" },
        { subject: "Begin" },
      ],
    },
  });
  expect(await look({ commits: 1 })).toMatchObject({ value: { isCut: true } });
});

test("[C18] a binary file is told, a long one is cut between characters, links and other repositories are named", async () => {
  const work = join(stage.dir, "odd");
  await personGit(stage.dir, "clone", "--quiet", stage.remoteDir, work);
  await writeFile(join(work, "blob.bin"), new Uint8Array([1, 0, 2]));
  await write(work, "long.txt", "ä".repeat(30));
  await Bun.spawn(["ln", "-s", "/etc/passwd", join(work, "link")]).exited;
  await personGit(work, "add", "-A");
  const other = `160000,${await personGit(work, "rev-parse", "HEAD")},lib`;
  await personGit(work, "update-index", "--add", "--cacheinfo", other);
  await personGit(work, "commit", "--quiet", "-m", "Odd things");
  await personGit(work, "push", "--quiet", "origin", "HEAD:main");
  expect(await look({ path: "blob.bin" })).toMatchObject({
    value: { kind: "file", isBinary: true, bytes: 3, text: "", next: null },
  });
  expect(await look({ path: "long.txt", bytes: 11 })).toMatchObject({
    value: { bytes: 60, text: "ä".repeat(5), next: 10 },
  });
  expect(await look({ path: "long.txt", offset: 10, bytes: 1_000 })).toMatchObject({
    value: { text: "ä".repeat(25), next: null },
  });
  // A link is its own text: nothing of the host is read.
  expect(await look({ path: "link" })).toMatchObject({ value: { text: "/etc/passwd" } });
  expect(await look({ path: "lib" })).toMatchObject({
    error: { code: "not_found", message: expect.stringContaining("another repository") },
  });
});

test("[C18] refs and paths that are none are refused with what to do next", async () => {
  await look({});
  for (const ref of ["nowhere", "--upload-pack=touch /tmp/x", "main..x", "HEAD@{1}", "deadbeef"])
    expect(await look({ ref })).toMatchObject({
      ok: false,
      error: { code: "not_found", message: expect.stringContaining("Name a branch") },
    });
  for (const path of [
    "../../etc/passwd",
    "src/../../x",
    "missing",
    ":(top)src",
    "src/a.txt/deeper",
  ])
    expect(await look({ path })).toMatchObject({ ok: false, error: { code: "not_found" } });
});
