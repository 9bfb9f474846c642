import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRunner, type Runner } from "../../../runner/main.ts";
import { openTown, type OpenTown } from "../edges/open-town.ts";
import { encodeId } from "../../../protocol/ids.ts";
import { baselineSpec, rigSpec, workSpec } from "./specs.ts";
import { quietLog } from "./stage.ts";

let edge: OpenTown;
let dir: string;
let runner: Runner;
afterEach(async () => {
  await runner.stop("the test is over");
  await edge.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(token: (town: OpenTown) => string): Promise<void> {
  edge = openTown();
  dir = mkdtempSync(join(tmpdir(), "gastown-runner-edges-"));
  const options = { version: "1.2.3", name: "edge", slots: 1, local: false, log: quietLog(dir) };
  runner = await startRunner({
    ...options,
    townUrl: edge.edges.url,
    token: token(edge),
    dataDir: join(dir, "data"),
  });
}

test("[C6] a runner says hello through the town's real door and answers an offer there", async () => {
  await start((town) => town.runnerToken);
  await edge.town.greeted(1);
  expect(edge.town.hellos[0]).toMatchObject({
    name: "edge",
    incarnation: 1,
    slots: 1,
    live: [],
    ended: [],
  });
  const spec = baselineSpec(rigSpec("/nonexistent/repository"));
  const frame = { connection: 1, offerSeq: 1, acceptByMs: 5_000, spec };
  const runnerId = encodeId("runner", new Uint8Array(16).fill(9));
  let answer = await edge.edges.runnerPort.offer(runnerId, frame);
  // The town's end is told of the hello a moment before it may send.
  while (!answer.ok && answer.error.code === "offline")
    answer = await edge.edges.runnerPort.offer(runnerId, frame);
  expect(answer).toEqual({ ok: true, value: { accepted: true } });
});

test("[C19] [C22] a runner tells which agent programs it has, and git-lfs, and takes no run for another", async () => {
  await start((town) => town.runnerToken);
  await edge.town.greeted(1);
  const programs = edge.town.hellos[0]?.programs ?? [];
  expect(programs).toContain("kilo");
  expect(edge.town.hellos[0]?.lfs).toBe(true);
  const spec = workSpec(rigSpec("/nonexistent/repository"), { program: "opencode" });
  const frame = { connection: 1, offerSeq: 1, acceptByMs: 5_000, spec };
  const runnerId = encodeId("runner", new Uint8Array(16).fill(9));
  let answer = await edge.edges.runnerPort.offer(runnerId, frame);
  while (!answer.ok && answer.error.code === "offline")
    answer = await edge.edges.runnerPort.offer(runnerId, frame);
  const accepted = { accepted: true as const };
  const refused = {
    accepted: false as const,
    code: "unsupported",
    message: "OpenCode is not installed on this host.",
  };
  expect(answer).toEqual({ ok: true, value: programs.includes("opencode") ? accepted : refused });
});

test("[C23] an owner's token opens no runner: it ends with one sentence and exit code 1", async () => {
  await start((town) => town.ownerToken);
  expect(await runner.stopped).toBe(1);
  expect(runner.failure()).toContain("runner's token");
  expect(edge.town.hellos).toEqual([]);
});
