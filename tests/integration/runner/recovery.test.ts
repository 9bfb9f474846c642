import { afterEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import type { AgentEventBody } from "../../../protocol/stream.ts";
import { personGit } from "../../support/git-rig.ts";
import { LIMITS, mergeSpec, rigSpec, sessionSpec, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let child: Bun.Subprocess | null = null;
afterEach(async () => {
  child?.kill("SIGTERM");
  await child?.exited;
  child = null;
  await stage.close();
});

const polecat = (...turns: object[]) => ({
  name: "polecat",
  entries: [{ role: "polecat" as const, turns }],
});
const bash = (command: string) => ({
  text: "# Writing\n",
  tools: [{ name: "bash", arguments: { command, description: "Writes" } }],
});
const done = { tools: [{ name: "gt_done", arguments: { summary: "Wrote a line." } }] };

function startChild(): Bun.Subprocess {
  const argv = [
    process.execPath,
    join(import.meta.dir, "runner-child.ts"),
    stage.town.url,
    stage.dataDir,
  ];
  return Bun.spawn(argv, { stdout: "ignore", stderr: "ignore", env: { ...process.env } });
}

const events = (runId: string): AgentEventBody[] =>
  stage.town.of("events", runId).flatMap(({ events: batch }) => batch.map(({ body }) => body));
const shown = (oid: string, path: string) => personGit(storeOf(), "show", `${oid}:${path}`);
let rigId = "";
const storeOf = () => join(stage.dataDir, "runner", "rigs", rigId, "store.git");

async function offerWork(
  more: Parameters<typeof workSpec>[1] = {},
  rigMore: Parameters<typeof rigSpec>[1] = {},
) {
  const { town } = stage;
  await town.until(() => town.hellos[0]);
  const spec = workSpec(rigSpec(stage.remoteDir, rigMore), more);
  rigId = spec.rig.id;
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  return spec;
}

test("[C6] a runner killed in the middle of a run: the next one saves the work, reports it lost, and leaves no process", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  child = startChild();
  const spec = await offerWork();
  const tree = join(stage.dataDir, "runner", "runs", spec.runId, "tree", "line.txt");
  await stage.town.until(() =>
    events(spec.runId).find((body) => body.kind === "tool" && body.state === "running"),
  );
  while (!existsSync(tree)) await Bun.sleep(20);
  child.kill("SIGKILL");
  await child.exited;
  child = startChild();
  const exit = await stage.town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "lost", reason: { code: "runner_restarted" } });
  expect(stage.town.hellos.at(-1)).toMatchObject({ incarnation: 2, live: [{ runId: spec.runId }] });
  const saved = stage.town.of("saved_work", spec.runId).at(-1);
  expect(await shown(saved?.oid ?? "", "line.txt")).toBe("hello");
  expect(saved?.ref).toBe(`refs/gastown/wip/${spec.bead.id}/${spec.runId}`);
  expect(await readdir(join(stage.dataDir, "runner", "runs"))).toEqual([]);
  const owner = markOwner(join(stage.dataDir, "runner"));
  expect(await findStrays({ owner, subject: spec.runId })).toEqual([]);
}, 90_000);

test("[C6 git.md] work that cannot be saved after a crash is not said to be: its tree stays, and the run names it", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  child = startChild();
  const spec = await offerWork();
  const folder = join(stage.dataDir, "runner", "runs", spec.runId);
  await stage.town.until(() =>
    events(spec.runId).find((body) => body.kind === "tool" && body.state === "running"),
  );
  while (!existsSync(join(folder, "tree", "line.txt"))) await Bun.sleep(20);
  child.kill("SIGKILL");
  await child.exited;
  // A file where the refs of saved work would be.
  await rm(join(storeOf(), "refs", "gastown"), { recursive: true, force: true });
  await Bun.write(join(storeOf(), "refs", "gastown"), "");
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
  const spec = await offerWork();
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

test("[C6] a stopped run ends with its work saved, and its fence starts nothing again", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  await stage.start();
  const spec = await offerWork();
  const tree = join(stage.dataDir, "runner", "runs", spec.runId, "tree", "line.txt");
  while (!existsSync(tree)) await Bun.sleep(20);
  const { runId, fence } = spec;
  await stage.town.stop({ runId, fence, outcome: "stopped_by_person", reason: "enough" });
  expect(await stage.town.exitOf(runId)).toMatchObject({
    outcome: "stopped_by_person",
    reason: { message: "enough" },
  });
  expect(await shown(stage.town.of("saved_work", runId).at(-1)?.oid ?? "", "line.txt")).toBe(
    "hello",
  );
  expect(await stage.town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect(stage.town.of("exit", runId)).toHaveLength(1);
}, 60_000);

test("[C12] an agent that goes silent is woken once, then stopped with its work saved; the next run goes on from there", async () => {
  stage = await openStage({
    name: "silent",
    entries: [
      {
        role: "polecat",
        attempt: 1,
        turns: [
          bash("echo hello > line.txt"),
          { text: "# Thinking\n", fault: { kind: "silence" } },
          { text: "# Thinking again\n", fault: { kind: "silence" } },
        ],
      },
      { role: "polecat", attempt: 2, turns: [bash("echo again >> line.txt"), done] },
    ],
  });
  await stage.start();
  const spec = await offerWork({ limits: { ...LIMITS, silenceMs: 1_500 } });
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "no_result",
    reason: { code: "silent" },
  });
  const prompts = events(spec.runId).flatMap((body) => (body.kind === "prompt" ? [body.text] : []));
  expect(prompts).toHaveLength(2);
  expect(prompts[1]).toStartWith("You had been silent for long");
  const saved = stage.town.of("saved_work", spec.runId).at(-1);
  if (saved === undefined) throw new Error("nothing was saved");
  const { ref, oid, baseOid } = saved;
  const bead = { ...spec.bead, attempt: 2 };
  const second = workSpec(spec.rig, {
    bead,
    fence: { epoch: 1, n: 2 },
    savedWork: { ref, oid, baseOid },
  });
  await stage.town.offer(second);
  expect((await stage.town.exitOf(second.runId)).outcome).toBe("done");
  const head = stage.town.of("work_done", second.runId)[0]?.headOid ?? "";
  expect(await shown(head, "line.txt")).toBe("hello\nagain");
}, 90_000);

test("[C4] a turn that ends without gt_done is closed by green gates, without a re-prompt", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt"), { text: "I am done, I think." }));
  await stage.start();
  const gates = [{ name: "line", command: "grep hello line.txt", timeoutMs: 10_000 }];
  const spec = await offerWork({}, { gates });
  expect((await stage.town.exitOf(spec.runId)).outcome).toBe("done");
  expect(stage.town.of("work_done", spec.runId)[0]).toMatchObject({
    summary: "closed by gates",
    files: 1,
  });
  expect(events(spec.runId).filter(({ kind }) => kind === "prompt")).toHaveLength(1);
}, 60_000);

test("[C4] a false done is answered with the next step, and words alone end in no result", async () => {
  stage = await openStage(polecat(done, { text: "There is nothing more." }));
  await stage.start();
  const spec = await offerWork();
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "no_result",
    reason: { code: "no_terminal_call" },
  });
  const refused = events(spec.runId).find(
    (body) => body.kind === "tool" && body.state === "failed",
  );
  expect(refused).toMatchObject({
    tool: expect.stringContaining("gt_done"),
    result: expect.stringContaining("no_changes_reason"),
  });
  expect(stage.town.of("work_done", spec.runId)).toEqual([]);
  expect(events(spec.runId).filter(({ kind }) => kind === "prompt")).toHaveLength(2);
}, 60_000);

test("[C16] a refused key ends the run before any work, as a failed start with its code; usage is told per call", async () => {
  stage = await openStage(polecat({ fault: { kind: "http", status: 401 } }));
  await stage.start();
  const spec = await offerWork();
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "rejected",
    reason: { code: "model_auth" },
  });
  expect(JSON.stringify(stage.town.facts)).not.toContain("the-model-key");
}, 60_000);

test("[C4] a first token that does not come in time is a failed start", async () => {
  stage = await openStage(polecat({ fault: { kind: "silence" } }));
  await stage.start();
  const spec = await offerWork({ limits: { ...LIMITS, firstTokenMs: 1_000 } });
  expect(await stage.town.exitOf(spec.runId)).toMatchObject({
    outcome: "rejected",
    reason: { code: "first_token", details: { phase: "first_token" } },
  });
}, 60_000);

test("[C6] work finished while the town is away is pushed only when the lease is good again", async () => {
  stage = await openStage(
    polecat(
      bash("touch started; while [ ! -e go ]; do sleep 0.05; done; echo hello > line.txt"),
      done,
    ),
  );
  stage.town.leaseTtlMs = 400;
  await stage.start();
  const spec = await offerWork();
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
  const spec = await offerWork();
  await stage.town.exitOf(spec.runId);
  const [work] = stage.town.of("work_done", spec.runId);
  const gates = [{ name: "slow", command: "sleep 2", timeoutMs: 10_000 }];
  const merge = mergeSpec(
    { ...spec.rig, gates },
    { bead: spec.bead, headOid: work?.headOid ?? "", branch: work?.branch ?? "" },
  );
  await stage.town.offer(merge);
  await stage.town.until(() =>
    events(merge.runId).find((body) => body.kind === "gate" && body.state === "running"),
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

test("[C6] an agent that is killed ends its run as crashed, with its exit and its work saved", async () => {
  stage = await openStage(polecat(bash("echo hello > line.txt; sleep 600"), done));
  await stage.start();
  const { runId } = await offerWork();
  const tree = join(stage.dataDir, "runner", "runs", runId, "tree", "line.txt");
  while (!existsSync(tree)) await Bun.sleep(20);
  const owner = markOwner(join(stage.dataDir, "runner"));
  for (const { pid } of await findStrays({ owner, subject: runId })) process.kill(pid, "SIGKILL");
  expect(await stage.town.exitOf(runId)).toMatchObject({
    outcome: "crashed",
    exit: { signal: "SIGKILL", cancelled: false },
  });
  expect(await shown(stage.town.of("saved_work", runId).at(-1)?.oid ?? "", "line.txt")).toBe(
    "hello",
  );
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

test("[C16] a model that asks to slow down is waited for, and its run goes on", async () => {
  const fault = { kind: "http", status: 429, retryAfterSeconds: 1, times: 2 };
  stage = await openStage(polecat({ ...bash("echo hello > line.txt"), fault }, done));
  await stage.start();
  const { runId } = await offerWork({ limits: { ...LIMITS, firstTokenMs: 20_000 } });
  expect((await stage.town.exitOf(runId)).outcome).toBe("done");
  const usage = stage.town.of("usage", runId);
  expect(usage.length).toBeGreaterThanOrEqual(2);
  expect(usage.every(({ inputTokens, outputTokens }) => inputTokens > 0 && outputTokens > 0)).toBe(
    true,
  );
}, 90_000);

test("[C16] a provider that keeps asking to slow down ends the run as throttled, never as an attempt", async () => {
  stage = await openStage(
    polecat({ text: "x", fault: { kind: "http", status: 429, retryAfterSeconds: 3_600 } }),
  );
  await stage.start();
  const { runId } = await offerWork();
  expect(await stage.town.exitOf(runId)).toMatchObject({
    outcome: "throttled",
    reason: { details: { retryAfterMs: 3_600_000 } },
  });
}, 60_000);
