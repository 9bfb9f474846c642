import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import { personGit } from "../../support/git-rig.ts";
import { bash, done, eventsOf, offerWork, polecat, shownIn, storeOf } from "./one-polecat.ts";
import { LIMITS, mergeSpec, sessionSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let child: Bun.Subprocess | null = null;
afterEach(async () => {
  child?.kill("SIGTERM");
  await child?.exited;
  child = null;
  await stage.close();
});

function startChild(): Bun.Subprocess {
  const argv = [
    process.execPath,
    join(import.meta.dir, "runner-child.ts"),
    stage.town.url,
    stage.dataDir,
  ];
  return Bun.spawn(argv, { stdout: "ignore", stderr: "ignore", env: { ...process.env } });
}

test("[C6] a runner killed in the middle of a run: the next one saves the work, reports it lost, and leaves no process", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  child = startChild();
  const spec = await offerWork(stage);
  const tree = join(stage.dataDir, "runner", "runs", spec.runId, "tree", "line.txt");
  await stage.town.until(() =>
    eventsOf(stage, spec.runId).find((body) => body.kind === "tool" && body.state === "running"),
  );
  while (!existsSync(tree)) await Bun.sleep(20);
  child.kill("SIGKILL");
  await child.exited;
  child = startChild();
  const exit = await stage.town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "lost", reason: { code: "runner_restarted" } });
  expect(stage.town.hellos.at(-1)).toMatchObject({ incarnation: 2, live: [{ runId: spec.runId }] });
  const saved = stage.town.of("saved_work", spec.runId).at(-1);
  expect(await shownIn(stage, spec, saved?.oid ?? "", "line.txt")).toBe("hello");
  expect(saved?.ref).toBe(`refs/gastown/wip/${spec.bead.id}/${spec.runId}`);
  expect(await readdir(join(stage.dataDir, "runner", "runs"))).toEqual([]);
  const owner = markOwner(join(stage.dataDir, "runner"));
  expect(await findStrays({ owner, subject: spec.runId })).toEqual([]);
}, 90_000);

test("[C6 git.md] work that cannot be saved after a crash is not said to be: its tree stays, and the run names it", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  child = startChild();
  const spec = await offerWork(stage);
  const folder = join(stage.dataDir, "runner", "runs", spec.runId);
  await stage.town.until(() =>
    eventsOf(stage, spec.runId).find((body) => body.kind === "tool" && body.state === "running"),
  );
  while (!existsSync(join(folder, "tree", "line.txt"))) await Bun.sleep(20);
  child.kill("SIGKILL");
  await child.exited;
  // A file where the refs of saved work would be.
  await rm(join(storeOf(stage, spec), "refs", "gastown"), { recursive: true, force: true });
  await Bun.write(join(storeOf(stage, spec), "refs", "gastown"), "");
  child = startChild();
  const exit = await stage.town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "lost", reason: { code: "runner_restarted" } });
  expect(exit.reason?.message).toContain(`could not be saved; it is still in ${folder}`);
  expect(await Bun.file(join(folder, "tree", "line.txt")).text()).toBe("hello\n");
}, 90_000);

test("[C6] work that was verified before the runner was killed is handed over by the next one, once", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt"), done));
  child = startChild();
  stage.town.storeFacts = false;
  const spec = await offerWork(stage);
  const branch = `gastown/run/${spec.bead.id}/${spec.runId}`;
  const pushed = () =>
    personGit(stage.remoteDir, "for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`);
  while ((await pushed()) === "") await Bun.sleep(20);
  child.kill("SIGKILL");
  await child.exited;
  stage.town.storeFacts = true;
  child = startChild();
  expect((await stage.town.exitOf(spec.runId)).outcome).toBe("done");
  expect(stage.town.of("work_done", spec.runId).map(({ headOid }) => headOid)).toEqual([
    await pushed(),
  ]);
  expect(stage.town.of("exit", spec.runId)).toHaveLength(1);
}, 90_000);

test("[C6] work finished while the town is away is pushed only when the lease is good again", async () => {
  stage = await openStage(
    polecat(
      bash("touch started; while [ ! -e go ]; do sleep 0.05; done; echo hello > line.txt"),
      done,
    ),
  );
  stage.town.leaseTtlMs = 400;
  await stage.start();
  const spec = await offerWork(stage);
  const tree = join(stage.dataDir, "runner", "runs", spec.runId, "tree");
  while (!existsSync(join(tree, "started"))) await Bun.sleep(20);
  stage.town.closed = true;
  stage.town.cut();
  await stage.town.until(() => (stage.town.refused >= 2 ? true : undefined));
  await Bun.write(join(tree, "go"), "");
  const log = Bun.file(join(stage.dir, "runner.log"));
  while (!(await log.text()).includes("work handed in")) await Bun.sleep(50);
  const { refused } = stage.town;
  await stage.town.until(() => (stage.town.refused >= refused + 2 ? true : undefined));
  const branches = () => personGit(stage.remoteDir, "for-each-ref", "refs/heads/gastown");
  expect(await branches()).toBe("");
  stage.town.closed = false;
  expect((await stage.town.exitOf(spec.runId)).outcome).toBe("done");
  expect(await branches()).toContain(stage.town.of("work_done", spec.runId)[0]?.headOid ?? "none");
}, 90_000);

test("[D2] a landing cut short by the death of its runner is finished by the next one, once", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt"), done));
  child = startChild();
  const spec = await offerWork(stage);
  await stage.town.exitOf(spec.runId);
  const [work] = stage.town.of("work_done", spec.runId);
  const gates = [{ name: "slow", command: "sleep 2", timeoutMs: 10_000 }];
  const merge = mergeSpec(
    { ...spec.rig, gates },
    { bead: spec.bead, headOid: work?.headOid ?? "", branch: work?.branch ?? "" },
  );
  await stage.town.offer(merge);
  await stage.town.until(() =>
    eventsOf(stage, merge.runId).find((body) => body.kind === "gate" && body.state === "running"),
  );
  child.kill("SIGKILL");
  await child.exited;
  child = startChild();
  expect((await stage.town.exitOf(merge.runId)).outcome).toBe("done");
  const [landed] = stage.town.of("landed", merge.runId);
  expect(landed?.proof.sourceOid).toBe(work?.headOid ?? "none");
  const beads = await personGit(
    stage.remoteDir,
    "log",
    "--first-parent",
    "--merges",
    "--format=%(trailers:key=Bead,valueonly,separator=%x2C)",
    "main",
  );
  expect(beads).toBe(spec.bead.id);
  const { rig } = spec;
  const diff = await stage.town.diff({ rig, baseOid: work?.baseOid, headOid: work?.headOid });
  expect(diff).toMatchObject({
    ok: true,
    value: { files: [{ path: "line.txt", additions: 1, deletions: 0 }], truncated: false },
  });
  expect(diff.ok && diff.value.diff).toContain("+hello");
}, 90_000);

/** The first of a sandbox takes all inside with it: those are gone when their turn comes. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

test("[C6] an agent that is killed ends its run as crashed, with its exit and its work saved", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  await stage.start();
  const spec = await offerWork(stage);
  const { runId } = spec;
  const tree = join(stage.dataDir, "runner", "runs", runId, "tree", "line.txt");
  while (!existsSync(tree)) await Bun.sleep(20);
  const owner = markOwner(join(stage.dataDir, "runner"));
  for (const { pid } of await findStrays({ owner, subject: runId })) killIfThere(pid);
  expect(await stage.town.exitOf(runId)).toMatchObject({
    outcome: "crashed",
    exit: { signal: "SIGKILL", cancelled: false },
  });
  expect(
    await shownIn(stage, spec, stage.town.of("saved_work", runId).at(-1)?.oid ?? "", "line.txt"),
  ).toBe("hello");
}, 60_000);

test("[B1] a Mayor's agent that dies between two turns ends its run, which takes no other turn", async () => {
  const turns = [{ text: "All is well." }];
  stage = await openStage({ name: "mayor", entries: [{ role: "mayor", turns }] });
  await stage.start();
  const spec = sessionSpec({ limits: { ...LIMITS, warmMs: 20_000 } });
  await stage.town.until(() => stage.town.hellos[0]);
  await stage.town.offer(spec);
  await stage.town.until(() => stage.town.of("turn_ended", spec.runId)[0]);
  const owner = markOwner(join(stage.dataDir, "runner"));
  for (const { pid } of await findStrays({ owner, subject: spec.runId }))
    process.kill(pid, "SIGKILL");
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "crashed",
    reason: { code: "agent_died" },
    exit: { signal: "SIGKILL", cancelled: false },
  });
}, 60_000);
