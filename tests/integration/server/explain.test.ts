// Every place where a bead can stand still says why, until when, and what a person could do.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { commands, type CommandName } from "../../../protocol/index.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig = "";
beforeEach(async () => {
  stage = await openStage({ slots: 1, backOffBaseMs: 60_000 });
  runner = new PlayedRunner(stage);
  await runner.hello({ slots: 1 });
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const sling = async (more: object = {}) =>
  (await stage.do("bead.sling", { rig, title: "Work", ...more })).id;
const why = (bead: string) => stage.do("bead.explain", { bead });
const texts = async (bead: string) => (await why(bead)).reasons.map(({ text }) => text);

/** What it offers must be what the town takes: each body fits its command's schema. */
async function remedies(bead: string): Promise<string[]> {
  const { can } = await why(bead);
  for (const { command, body } of can) {
    if (command === "model.set") continue;
    expect(commands[command as CommandName].body.safeParse(body).success).toBe(true);
  }
  return can.map(({ command }) => command);
}

test("[B16] a bead at work names its run, its runner and its time; a full town says what is full", async () => {
  const first = await sling();
  const offer = await stage.offered("work");
  await runner.tell(offer.spec, { kind: "started" });
  const explained = await why(first);
  expect(explained.text).toBe("A polecat works on it. Its work run is running.");
  expect(explained.reasons).toMatchObject([
    { text: "its run is running on runner played", on: offer.spec.runId },
    { text: "its agent is nudged unless the work moves" },
  ]);
  expect(explained.reasons[0]?.untilAt).toBeGreaterThan(stage.clock.now());
  expect(await remedies(first)).toEqual(["run.stop"]);
  const second = await sling();
  expect(await texts(second)).toEqual(["all 1 agent slots of the town are busy"]);
  const run = await stage.do("run.explain", { run: offer.spec.runId });
  expect(run.text).toBe("Its work run is running.");
});

test("[B16] a bead that waits names each blocker, and a failed one with the way on", async () => {
  const [a, b] = [await sling(), await sling({ title: "Second" })];
  const waiting = await sling({ dependsOn: [a, b] });
  const explained = await why(waiting);
  expect(explained.reasons).toMatchObject([
    { on: a, text: "waits for “Work” to land" },
    { on: b, text: "waits for “Second” to land" },
  ]);
});

test("[B16] back-off has its end, a held bead its release", async () => {
  const bead = await sling();
  const offer = await stage.offered("work");
  await runner.tell(offer.spec, { kind: "started" }, exit("crashed"));
  const [wait] = (await why(bead)).reasons;
  expect(wait).toMatchObject({ text: "waits before the next attempt" });
  expect(wait?.untilAt).toBeGreaterThan(stage.clock.now());
  const held = await sling({ held: true });
  expect(await texts(held)).toEqual(["is held: release it to have it worked on"]);
  expect(await remedies(held)).toEqual(["bead.release"]);
});

test("[B16] without a runner, and in a parked rig, it says so and how to go on", async () => {
  const bead = await sling();
  stage.core.runnerGone(runner.id, runner.connection);
  await stage.pass(130_000);
  await stage.tick();
  const other = await sling();
  expect(await texts(other)).toEqual(["no runner is connected"]);
  await stage.do("bead.close", { bead, outcome: "cancelled" });
  expect((await why(bead)).text).toBe("It is closed: cancelled.");
});

test("[B16] a review tells its step, and a settled bead its end", async () => {
  const bead = await sling();
  const offer = await stage.offered("work");
  await runner.tell(offer.spec, { kind: "started" }, workDone, exit("done"));
  const check = await stage.offered("check");
  const explained = await why(bead);
  expect(explained.text).toBe("Its work is in review. Its gates are being run on the merged tree.");
  expect(explained.reasons).toMatchObject([{ on: check.spec.runId }]);
  expect(await stage.codeOf("bead.explain", { bead: "bd-nobody" })).toBe("not_found");
  expect(await stage.codeOf("run.explain", { run: bead })).toBe("not_found");
});

test("[B16] [C22] a rig tells what keeps agents from it: its baseline's run, no runner with what it wants, a pause", async () => {
  const whyRig = () => stage.do("rig.explain", { rig });
  expect(await whyRig()).toMatchObject({ text: "Agents may work on it.", reasons: [] });
  await stage.do("rig.update", { rig, set: { labels: ["gpu"] } });
  await stage.do("rig.recheck", { rig });
  const waits = await whyRig();
  expect(waits.text).toBe("Agents work on it when its baseline is green.");
  expect(waits.reasons.map(({ text }) => text)).toEqual([
    expect.stringContaining("no connected runner has the label gpu"),
  ]);
  expect(waits.can.map(({ command }) => command)).toContain("runner.label");
  const before = stage.port.offers.length;
  await stage.do("rig.update", { rig, set: { labels: [] } });
  const offer = await stage.offered("baseline", before);
  expect((await whyRig()).reasons).toMatchObject([{ on: offer.spec.runId }]);
  const fact = { target: "main", targetOid: HEAD, green: true, gates: [], reason: null };
  await runner.end(offer, { kind: "baseline", ...fact });
  await stage.do("rig.pause", { rig });
  expect((await whyRig()).text).toBe("Its baseline is green.");
  expect((await whyRig()).reasons[0]?.text).toContain("paused");
  expect(await stage.codeOf("rig.explain", { rig: "rg-nobody" })).toBe("not_found");
});
