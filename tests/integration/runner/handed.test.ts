// What a person gives back, taken by a real runner without an agent: checked, saved, handed over.
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { GivenWork } from "../../../protocol/bead.ts";
import { personGit, strayCommit, write } from "../../support/git-rig.ts";
import { storeOf } from "./one-polecat.ts";
import { beadSpec, rigSpec, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
afterEach(() => stage.close());

/** Commits of a person beside the target, where `gastown give` leaves them. */
async function given(
  bead: string,
  files: Record<string, string>,
  more: Partial<GivenWork> = {},
): Promise<GivenWork> {
  const dir = join(stage.dir, `hand-${Object.keys(files).length}-${crypto.randomUUID()}`);
  await personGit(stage.dir, "clone", "--quiet", stage.remoteDir, dir);
  for (const [path, text] of Object.entries(files)) await write(dir, path, text);
  await personGit(dir, "add", "-A");
  await personGit(dir, "commit", "--quiet", "--allow-empty", "-m", "By hand");
  const begin = await personGit(dir, "rev-parse", "origin/main");
  return { ...(await leave(bead, dir)), begins: [begin], ...more };
}

/** As `gastown give` leaves what is in a folder. */
async function leave(bead: string, dir: string) {
  const oid = await personGit(dir, "rev-parse", "HEAD");
  const ref = `refs/gastown/given/${bead}/${oid.slice(0, 12)}`;
  await personGit(dir, "push", "--quiet", stage.remoteDir, `HEAD:${ref}`);
  return { ref, oid, runnerId: null, summary: "By hand.", review: true };
}

async function run(files: Record<string, string>, more: Partial<GivenWork> = {}) {
  await stage.town.until(() => stage.town.hellos[0]);
  const bead = beadSpec();
  return await take(bead, await given(bead.id, files, more));
}

async function take(bead: ReturnType<typeof beadSpec>, handed: GivenWork) {
  const spec = workSpec(rigSpec(stage.remoteDir), { bead, handed });
  expect(await stage.town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  const exit = await stage.town.exitOf(spec.runId);
  const refs = await personGit(
    stage.remoteDir,
    "for-each-ref",
    "--format=%(refname) %(objectname)",
  );
  return { spec, handed, exit, refs: refs.split("\n") };
}

test("[B20] a person's commits become the work of the bead, on its run's branch, and the refs that they and earlier ones came by go", async () => {
  stage = await openStage();
  await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
  const base = await personGit(stage.remoteDir, "rev-parse", "main");
  const bead = beadSpec();
  const replaced = await given(bead.id, { "before.txt": "an earlier gift\n" });
  const other = await given(beadSpec().id, { "other.txt": "of another bead\n" });
  const mine = await given(bead.id, { "hand.txt": "by hand\n" });
  const { spec, handed, exit, refs } = await take(bead, mine);
  expect(refs.join()).not.toContain(replaced.ref);
  expect(exit.outcome).toBe("done");
  const branch = `gastown/run/${spec.bead.id}/${spec.runId}`;
  expect(stage.town.of("work_done", spec.runId)).toMatchObject([
    { headOid: handed.oid, baseOid: base, branch, summary: "By hand.", files: 1, additions: 1 },
  ]);
  expect(refs).toContain(`refs/heads/${branch} ${handed.oid}`);
  expect(refs.filter((ref) => ref.startsWith("refs/gastown/given/"))).toEqual([
    `${other.ref} ${other.oid}`,
  ]);
  const wip = `refs/gastown/wip/${spec.bead.id}/${spec.runId}`;
  expect(await personGit(storeOf(stage, spec), "rev-parse", wip)).toBe(handed.oid);
});

test("[B20] commits on an older target keep their base: what landed meanwhile is not theirs", async () => {
  stage = await openStage();
  await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
  const bead = beadSpec();
  const base = await personGit(stage.remoteDir, "rev-parse", "main");
  const handed = await given(bead.id, { "hand.txt": "x\n" });
  await strayCommit(stage, "other.txt", "meanwhile\n");
  const spec = workSpec(rigSpec(stage.remoteDir), { bead, handed });
  await stage.town.offer(spec);
  expect((await stage.town.exitOf(spec.runId)).outcome).toBe("done");
  expect(stage.town.of("work_done", spec.runId)[0]).toMatchObject({ baseOid: base, files: 1 });
});

test("[B20] what is given to be gone on with is saved, here and in the rig's repository, and nothing is handed over", async () => {
  stage = await openStage();
  await stage.start();
  const { spec, handed, exit, refs } = await run({ "half.txt": "half\n" }, { review: false });
  expect(exit).toMatchObject({ outcome: "stopped_by_person", reason: { code: "given_back" } });
  expect(stage.town.of("work_done", spec.runId)).toEqual([]);
  expect(stage.town.of("saved_work", spec.runId)).toMatchObject([{ oid: handed.oid, lines: 1 }]);
  expect(refs).toContain(`refs/gastown/wip/${spec.bead.id}/${spec.runId} ${handed.oid}`);
});

test("[B20] reserved paths, nothing at all, another history and a commit that is not there are refused for the person", async () => {
  stage = await openStage();
  await stage.start();
  const reserved = await run({ ".gitattributes": "* text\n", "ok.txt": "x\n" });
  const refused = (words: string) => ({
    outcome: "rejected",
    reason: { code: "given_refused", message: expect.stringContaining(words) },
  });
  expect(reserved.exit).toMatchObject(refused(".gitattributes"));
  expect(reserved.refs.join()).not.toContain("gastown/run/");
  // It stays where the person left it.
  expect(reserved.refs).toContain(`${reserved.handed.ref} ${reserved.handed.oid}`);
  expect((await run({})).exit).toMatchObject(refused("It changes nothing"));
  const bead = beadSpec();
  const foreign = join(stage.dir, "foreign");
  await personGit(stage.dir, "init", "--quiet", foreign);
  await write(foreign, "x.txt", "x\n");
  await personGit(foreign, "add", "-A");
  await personGit(foreign, "commit", "--quiet", "-m", "Elsewhere");
  const oid = await personGit(foreign, "rev-parse", "HEAD");
  const ref = `refs/gastown/given/${bead.id}/${oid.slice(0, 12)}`;
  await personGit(foreign, "push", "--quiet", stage.remoteDir, `HEAD:${ref}`);
  for (const [handed, words] of [
    [{ ref, oid }, "no common history"],
    [{ ref, oid: "b".repeat(40) }, "does not hold"],
  ] as const) {
    const spec = workSpec(rigSpec(stage.remoteDir), {
      bead: beadSpec(),
      handed: { ...handed, begins: ["c".repeat(40)], runnerId: null, summary: "", review: true },
    });
    await stage.town.offer(spec);
    expect(await stage.town.exitOf(spec.runId)).toMatchObject(refused(words));
  }
});

test("[B20] [C14] what was taken out of the target's history does not come back with what a person gives back", async () => {
  stage = await openStage();
  await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
  const clean = await personGit(stage.remoteDir, "rev-parse", "main");
  const secret = await strayCommit(stage, "secret.txt", "key\n");
  const dir = join(stage.dir, "hand");
  await personGit(stage.dir, "clone", "--quiet", stage.remoteDir, dir);
  await write(dir, "hand.txt", "by hand\n");
  await personGit(dir, "add", "-A");
  await personGit(dir, "commit", "--quiet", "-m", "By hand");
  await personGit(stage.remoteDir, "update-ref", "refs/heads/main", clean);
  const target = await strayCommit(stage, "other.txt", "the new history\n");
  for (const review of [true, false]) {
    const bead = beadSpec();
    const handed = { ...(await leave(bead.id, dir)), begins: [secret], review };
    const { spec, exit } = await take(bead, handed);
    const message = expect.stringContaining(`--onto origin/main ${secret.slice(0, 12)}`);
    expect(exit).toMatchObject({ outcome: "rejected", reason: { code: "given_refused", message } });
    expect(stage.town.of("work_done", spec.runId)).toEqual([]);
    expect(stage.town.of("saved_work", spec.runId)).toEqual([]);
  }
  // Put onto the new history as the refusal says, it is taken.
  await personGit(dir, "fetch", "--quiet", "origin");
  await personGit(dir, "rebase", "--quiet", "--onto", "origin/main", secret.slice(0, 12));
  const bead = beadSpec();
  const mended = { ...(await leave(bead.id, dir)), begins: [target] };
  const { spec, exit } = await take(bead, mended);
  expect(exit.outcome).toBe("done");
  const [done] = stage.town.of("work_done", spec.runId);
  expect(done).toMatchObject({ baseOid: target, files: 1 });
});
