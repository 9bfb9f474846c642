import { afterEach, expect, test } from "bun:test";
import { personGit, strayCommit, write } from "../../support/git-rig.ts";
import {
  beadSpec,
  checkSpec,
  mergeSpec,
  requestSpec,
  reviewSpec,
  rigSpec,
  sessionSpec,
  triageSpec,
} from "./specs.ts";
import { newId } from "./small-town.ts";
import { openStage, type Stage } from "./stage.ts";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { RigSpec } from "../../../protocol/run-spec.ts";

let stage: Stage;
afterEach(() => stage.close());

/** A finished branch on the remote, as a work run leaves it. */
async function branchWith(path: string, text: string) {
  const bead = beadSpec();
  const branch = `gastown/run/${bead.id}/${newId("run")}`;
  const dir = join(stage.dir, branch);
  await personGit(stage.dir, "clone", "--quiet", stage.remoteDir, dir);
  const baseOid = await personGit(dir, "rev-parse", "HEAD");
  await write(dir, path, text);
  await personGit(dir, "add", "-A");
  await personGit(dir, "commit", "--quiet", "-m", "Do it");
  await personGit(dir, "push", "--quiet", "origin", `HEAD:refs/heads/${branch}`);
  return {
    bead,
    branch,
    baseOid,
    headOid: await personGit(dir, "rev-parse", "HEAD"),
    summary: "Did it.",
  };
}

async function started(script?: Parameters<typeof openStage>[0]) {
  stage = await openStage(script);
  await stage.start();
  await stage.town.until(() => stage.town.hellos[0]);
  return stage.town;
}

async function check(rig: RigSpec, work: Awaited<ReturnType<typeof branchWith>>) {
  const spec = checkSpec(rig, work);
  expect(await stage.town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect((await stage.town.exitOf(spec.runId)).outcome).toBe("done");
  return stage.town.of("checked", spec.runId)[0];
}

test("[D3] gates run on the merged tree, without network, and a green tree is not run again for the landing", async () => {
  const town = await started();
  const work = await branchWith("two.txt", "2\n");
  await strayCommit(stage, "three.txt", "3\n");
  const counter = `test -e two.txt && test -e three.txt && ! cat < /dev/tcp/127.0.0.1/1 2>/dev/null`;
  const rig = rigSpec(stage.remoteDir, {
    gates: [{ name: "both", command: counter, timeoutMs: 10_000 }],
  });
  const checked = await check(rig, work);
  expect(checked).toMatchObject({
    green: true,
    headOid: work.headOid,
    conflicts: [],
    gates: [{ name: "both", ok: true }],
  });
  const spec = mergeSpec(rig, work);
  await town.offer(spec);
  expect((await town.exitOf(spec.runId)).outcome).toBe("done");
  const [landed] = town.of("landed", spec.runId);
  expect(landed?.proof).toMatchObject({
    method: "merge",
    ref: "refs/heads/main",
    sourceOid: work.headOid,
  });
  expect(await personGit(stage.remoteDir, "rev-parse", "main")).toBe(landed?.proof.mergeOid ?? "");
  expect(
    await personGit(
      stage.remoteDir,
      "log",
      "-1",
      "--format=%(trailers:key=Bead,valueonly)",
      "main",
    ),
  ).toBe(work.bead.id);
  const ran = town
    .of("events", spec.runId)
    .flatMap(({ events }) => events)
    .filter(({ body }) => body.kind === "gate" && body.state === "running");
  expect(ran).toEqual([]);
}, 30_000);

test("[D3] red gates blame the change with their output, after a second try", async () => {
  await started();
  const work = await branchWith("two.txt", "2\n");
  const rig = rigSpec(stage.remoteDir, {
    gates: [
      {
        name: "no two",
        command: "echo looked >> tries; cat tries; test ! -e two.txt",
        timeoutMs: 10_000,
      },
    ],
  });
  expect(await check(rig, work)).toMatchObject({
    green: false,
    reason: null,
    gates: [{ ok: false, code: 1, log: "looked\nlooked\n" }],
  });
});

test("[D3] a gate that passes when run again is green and says so", async () => {
  await started();
  const work = await branchWith("two.txt", "2\n");
  const rig = rigSpec(stage.remoteDir, {
    gates: [
      {
        name: "flaky",
        command: "test -e seen || { touch seen; echo broken; exit 1; }",
        timeoutMs: 10_000,
      },
    ],
  });
  const checked = await check(rig, work);
  expect(checked).toMatchObject({ green: true, gates: [{ ok: true }] });
  expect(checked?.gates[0]?.log).toContain("broken");
});

test("[D3] gates that write tracked files are told of, since that is not what lands", async () => {
  await started();
  const work = await branchWith("two.txt", "2\n");
  const rig = rigSpec(stage.remoteDir, {
    gates: [{ name: "writes", command: "echo more >> two.txt; touch new.txt", timeoutMs: 10_000 }],
  });
  expect(await check(rig, work)).toMatchObject({ green: true });
  const bodies = stage.town.of("events").flatMap(({ events }) => events.map(({ body }) => body));
  const notices = bodies.filter((body) => body.kind === "notice");
  expect(notices).toMatchObject([{ level: "warning", text: expect.stringMatching(/: two\.txt$/) }]);
});

test("[D3] a gate past its time limit is red", async () => {
  await started();
  const work = await branchWith("two.txt", "2\n");
  const rig = rigSpec(stage.remoteDir, {
    gates: [{ name: "slow", command: "sleep 60", timeoutMs: 1_000 }],
  });
  expect(await check(rig, work)).toMatchObject({
    green: false,
    gates: [{ ok: false, timedOut: true }],
  });
}, 30_000);

test("[D2] a conflict with the target is reported with its files, and nothing lands", async () => {
  const town = await started();
  const work = await branchWith("src/a.txt", "mine\n");
  const tip = await strayCommit(stage, "src/a.txt", "theirs\n");
  const rig = rigSpec(stage.remoteDir);
  expect(await check(rig, work)).toMatchObject({ green: false, conflicts: ["src/a.txt"] });
  const spec = mergeSpec(rig, work);
  await town.offer(spec);
  await town.exitOf(spec.runId);
  expect(town.of("not_landed", spec.runId)[0]).toMatchObject({
    code: "conflict",
    conflicts: ["src/a.txt"],
  });
  expect(await personGit(stage.remoteDir, "rev-parse", "main")).toBe(tip);
}, 30_000);

test("[D6] a landing that would leave behind what lies on its convoy's branch is refused, and nothing lands", async () => {
  const town = await started();
  const work = await branchWith("src/b.txt", "mine\n");
  const tip = await personGit(stage.remoteDir, "rev-parse", "main");
  const rig = rigSpec(stage.remoteDir);
  const other = await branchWith("src/c.txt", "theirs\n");
  for (const [n, missing] of [other.headOid, "1".repeat(40)].entries()) {
    const fence = { epoch: 1, n: n + 1 };
    const spec = mergeSpec(rig, work, { fence, carries: [tip, missing] });
    await town.offer(spec);
    await town.exitOf(spec.runId);
    expect(town.of("not_landed", spec.runId)[0]).toMatchObject({
      code: "refused",
      message: expect.stringContaining(missing.slice(0, 12)),
    });
  }
  expect(await personGit(stage.remoteDir, "rev-parse", "main")).toBe(tip);
}, 30_000);

test("[C1] a refinery reads the change in a tree it cannot write and gives its verdict", async () => {
  const comments = [{ file: "two.txt", line: 1, body: "Say three." }];
  const town = await started({
    name: "judge",
    entries: [
      {
        role: "refinery",
        turns: [
          { text: "# Reading\n", tools: [{ name: "read", arguments: { filePath: "two.txt" } }] },
          {
            tools: [
              {
                name: "gt_verdict",
                arguments: { verdict: "request_changes", summary: "Not yet.", comments },
              },
            ],
          },
        ],
      },
    ],
  });
  const work = await branchWith("two.txt", "2\n");
  const spec = reviewSpec(rigSpec(stage.remoteDir), work);
  await town.offer(spec);
  expect(await town.exitOf(spec.runId)).toMatchObject({ outcome: "done" });
  expect(town.of("verdict", spec.runId)).toEqual([
    {
      kind: "verdict",
      headOid: work.headOid,
      verdict: "request_changes",
      summary: "Not yet.",
      comments,
    },
  ]);
}, 60_000);

test("[B1] the Mayor's turns call tools by turn, tool and arguments, one turn after the other", async () => {
  const town = await started({
    name: "mayor",
    entries: [
      {
        role: "mayor",
        turns: [{ text: "# Looking\n", tools: [{ name: "gt_rigs" }] }, { text: "All is well." }],
      },
    ],
  });
  town.answerTool = () => ({ isError: false, text: "one rig" });
  const spec = sessionSpec();
  await town.offer(spec);
  const [first] = spec.turns;
  const second = { turnId: newId("turn"), text: "And now?", digest: [], journal: [] };
  await town.until(() => town.of("turn_ended", spec.runId)[0]);
  expect(await town.turn({ runId: spec.runId, fence: spec.fence, turn: second })).toEqual({
    ok: true,
    value: null,
  });
  const exit = await town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "done", reason: { code: "idle" } });
  const ends = town.of("turn_ended", spec.runId);
  expect(ends.map(({ turnId, reason }) => [turnId, reason])).toEqual([
    [first?.turnId ?? "", "completed"],
    [second.turnId, "completed"],
  ]);
  expect(ends[0]?.text).toContain("All is well.");
  expect(town.tools.map(({ tool, turnId }) => [tool, turnId])).toEqual([
    ["gt_rigs", first?.turnId ?? null],
    ["gt_rigs", second.turnId],
  ]);
  expect(new Set(town.tools.map(({ key }) => key)).size).toBe(2);
  expect(await town.turn({ runId: spec.runId, fence: spec.fence, turn: second })).toMatchObject({
    ok: false,
    error: { code: "not_found" },
  });
}, 60_000);

const decide = (request: string, action: string) => ({
  name: "gt_triage_decide",
  arguments: { request, action, note: "so" },
});

test("[C1] [C5] a triage run has an empty folder, decides each request by one call and is done with the last", async () => {
  const requests = [requestSpec(), requestSpec({ title: "Lost" })];
  const [one = "", two = ""] = requests.map(({ id }) => id);
  const turns = [
    { text: "# Reading\n", tools: [decide(one, "guide"), decide("tr-none", "hold")] },
    { text: "I am done." },
    { tools: [decide(two, "escalate")] },
  ];
  const town = await started({ name: "triage", entries: [{ role: "triage", turns }] });
  const spec = triageSpec({ requests });
  expect(await town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  expect(await town.exitOf(spec.runId)).toMatchObject({ outcome: "done" });
  const calls = town.tools.map(({ tool, arguments: given }) => [tool, given]);
  // The two calls of one answer are made side by side.
  expect(calls).toContainEqual(["gt_triage_decide", decide("tr-none", "hold").arguments]);
  expect(calls).toContainEqual(["gt_triage_decide", decide(one, "guide").arguments]);
  expect(calls.slice(2)).toEqual([["gt_triage_decide", decide(two, "escalate").arguments]]);
  expect(town.of("saved_work")).toEqual([]);
  expect(await readdir(join(stage.dataDir, "work")).catch(() => [])).toEqual([]);
}, 60_000);

test("[C5] a triage run that decides nothing has no result; one that the town has settled otherwise waits for nothing", async () => {
  const request = requestSpec();
  const turns = [{ tools: [decide(request.id, "hold")] }, { text: "No." }, { text: "No." }];
  const town = await started({ name: "triage", entries: [{ role: "triage", turns }] });
  town.answerTool = () => ({ isError: true, text: "invalid_body: no." });
  const spec = triageSpec({ requests: [request] });
  await town.offer(spec);
  const exit = await town.exitOf(spec.runId);
  expect(exit).toMatchObject({ outcome: "no_result", reason: { code: "no_terminal_call" } });
}, 60_000);
