// A rig that wants the contents of what Git LFS keeps, on a real host: in agents' and gates' trees, sandboxed.
import { afterEach, expect, test } from "bun:test";
import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { keepFiles, pointerOf } from "../../support/lfs.ts";
import { bash, done, eventsOf, offerWork, polecat, shownIn } from "./one-polecat.ts";
import { personGit, write } from "../../support/git-rig.ts";
import { newId } from "./small-town.ts";
import { baselineSpec, beadSpec, checkSpec, rigSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

const AGENT_TIMEOUT_MS = 90_000;
const ART = "a picture of a hay cart\n";
const gates = [{ name: "art", command: "grep -q 'hay cart' art.bin", timeoutMs: 10_000 }];

let stage: Stage;
afterEach(() => stage.close());

/** A folder with every program of this host's PATH but git-lfs. */
async function withoutLfs(dir: string, path: string): Promise<string> {
  const bin = join(dir, "bin");
  await mkdir(bin);
  for (const folder of path.split(delimiter))
    for (const name of await readdir(folder).catch(() => []))
      if (name !== "git-lfs")
        await symlink(join(folder, name), join(bin, name)).catch(() => "found earlier on the PATH");
  return bin;
}

async function baseline(lfs: "fetched" | "pointers") {
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = baselineSpec(rigSpec(stage.remoteDir, { lfs, gates }));
  await town.offer(spec);
  await town.exitOf(spec.runId);
  return town.of("baseline", spec.runId)[0];
}

test(
  "[C22] an agent reads a content, and changes another file: the one is no change, and what git has itself is told",
  async () => {
    stage = await openStage(
      polecat(
        bash(
          'cat art.bin > read.txt; git status --porcelain >> read.txt; echo anew > new.bin; echo "# Read" >> README.md',
        ),
        done,
      ),
    );
    await keepFiles(stage.remoteDir, { "art.bin": ART });
    await stage.start();
    const spec = await offerWork(stage, {}, { lfs: "fetched", gates });
    expect(await stage.town.exitOf(spec.runId)).toMatchObject({ outcome: "done" });
    const head = stage.town.of("work_done", spec.runId)[0]?.headOid ?? "";
    expect(await shownIn(stage, spec, head, "read.txt")).toBe(`${ART}?? read.txt`);
    expect(`${await shownIn(stage, spec, head, "art.bin")}\n`).toBe(pointerOf(ART));
    const notices = eventsOf(stage, spec.runId).flatMap((event) =>
      event.kind === "notice" ? event.text : [],
    );
    expect(notices).toContainEqual(expect.stringContaining("--no-rewrite -- new.bin"));
  },
  AGENT_TIMEOUT_MS,
);

test("[C22] gates find contents where the rig fetches them, and pointers where it does not", async () => {
  stage = await openStage();
  await keepFiles(stage.remoteDir, { "art.bin": ART });
  await stage.start();
  expect(await baseline("pointers")).toMatchObject({ green: false });
  expect(await baseline("fetched")).toMatchObject({ green: true });
});

test("[C22] a green result that was had with pointers says nothing of contents", async () => {
  stage = await openStage();
  await keepFiles(stage.remoteDir, { "art.bin": ART });
  await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
  const work = join(stage.dir, "author");
  await personGit(stage.dir, "clone", "--quiet", stage.remoteDir, work);
  const roundBase = await personGit(work, "rev-parse", "HEAD");
  await write(work, "work.txt", "the work\n");
  await personGit(work, "add", "-A");
  await personGit(work, "commit", "--quiet", "-m", "Work");
  const headOid = await personGit(work, "rev-parse", "HEAD");
  const branch = `gastown/run/${newId("issue")}/${newId("run")}`;
  await personGit(work, "push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
  const isPointer = [{ name: "art", command: "grep -q git-lfs art.bin", timeoutMs: 10_000 }];
  const greenOf = async (lfs: "fetched" | "pointers") => {
    const rig = rigSpec(stage.remoteDir, { lfs, gates: isPointer });
    const check = checkSpec(rig, { bead: beadSpec(), branch, headOid }, { roundBase });
    await stage.town.offer(check);
    await stage.town.exitOf(check.runId);
    return stage.town.of("checked", check.runId)[0]?.green;
  };
  expect(await greenOf("pointers")).toBe(true);
  expect(await greenOf("fetched")).toBe(false);
  expect(await greenOf("pointers")).toBe(true);
});

test("[C22] gates that lack what only the remote has lost are run; a runner that cannot fetch says what to install, and judges nothing", async () => {
  stage = await openStage();
  await keepFiles(stage.remoteDir, { "art.bin": ART });
  await rm(join(stage.remoteDir, "lfs"), { recursive: true });
  const path = process.env["PATH"] ?? "";
  await stage.start();
  expect(await baseline("fetched")).toMatchObject({ green: false, gates: [{ name: "art" }] });
  await stage.close();

  stage = await openStage();
  await keepFiles(stage.remoteDir, { "art.bin": ART });
  process.env["PATH"] = await withoutLfs(stage.dir, path);
  try {
    await stage.start();
    expect((await stage.town.until(() => stage.town.hellos[0])).lfs).toBe(false);
    expect(await baseline("fetched")).toMatchObject({
      green: null,
      reason: { code: "lfs_missing", message: expect.stringContaining("--lfs pointers") },
    });
  } finally {
    process.env["PATH"] = path;
  }
});
