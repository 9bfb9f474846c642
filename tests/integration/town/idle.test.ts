import { expect, test } from "bun:test";
import { openPage } from "../../support/browser.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { isSample } from "../../support/sample.ts";
import { treeChange, treeUse } from "../../support/tree-use.ts";
import { openWholeTown, untilJudged, untilTopic } from "../../support/whole-town.ts";
import { makeRepository } from "./repositories.ts";
import { join } from "node:path";

const LIMIT_MS = 300_000;
/** A minute; among all other tests, as long as a timer of the town or its runner may take to come round. */
const watchedMs = isSample() ? 20_000 : 60_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

test.skipIf(needsAgent || process.platform !== "linux")(
  "[C16] [SC-AGENT-5] after the warm release an idle minute starts no process and calls no model",
  async () => {
    await using town = await openWholeTown({ policy: { warmMs: 5_000 } });
    await town.client.call("mayor.say", { text: "Hello" });
    // The agent server is up for the turn, stays warm, and is released by the town's own timer.
    await untilTopic(town, "agents", (state) =>
      state.all("run").find(({ kind }) => kind === "session"),
    );
    await untilTopic(town, "mayor", (state) =>
      state.all("chat").find((entry) => entry.kind === "mayor" && entry.state === "done"),
    );
    await untilTopic(town, "agents", (state) =>
      state.all("run").find(({ kind, state: at }) => kind === "session" && at === "ended"),
    );
    const quiet = treeUse(town.process.pid);
    // The town and its runner: the agent ended with its run.
    expect(quiet.map(({ command }) => command)).toEqual(["bun", "bun"]);
    const calls = town.calls.length;
    const noise: string[] = [];
    let before = quiet;
    // Nothing can be awaited: that nothing happens is what is watched for.
    for (const endMs = performance.now() + watchedMs; performance.now() < endMs;) {
      await Bun.sleep(500);
      const after = treeUse(town.process.pid);
      noise.push(...treeChange(before, after).started);
      before = after;
    }
    expect(noise).toEqual([]);
    expect(before.map(({ pid }) => pid)).toEqual(quiet.map(({ pid }) => pid));
    expect(town.calls).toHaveLength(calls);
  },
  LIMIT_MS,
);

test.skipIf(isLeftOut("browser"))(
  "[A2] a town without a model says so on its page and on the bead, and dispatches nothing; with one it goes on by itself",
  async () => {
    await using town = await openWholeTown({ hasModel: false });
    const remote = await makeRepository(join(town.dir, "waiting"), "bare");
    await town.client.call("rig.add", { name: "waiting", remote, gates: [] });
    expect(await untilJudged(town, "waiting")).toMatchObject({ state: "ready" });
    const { id } = await town.client.call("bead.sling", { rig: "waiting", title: "Wait" });
    const wait = await untilTopic(town, `bead:${id}`, (state) => state.all("issue")[0]?.wait);
    expect(wait).toMatchObject({ text: expect.stringMatching(/model/), untilAt: null });
    const status = await town.client.call("town.status", {});
    expect([status.town.model, status.liveRuns]).toEqual([null, 0]);
    expect((await town.client.call("bead.get", { bead: id })).runs).toEqual([]);
    await using browser = await openPage();
    await browser.page.goto(town.process.ready.login);
    await browser.page
      .getByText(/no (language )?model/i)
      .first()
      .waitFor();
    expect(town.calls).toEqual([]);
    await town.client.call("model.set", {
      provider: "openai-compatible",
      baseUrl: town.modelUrl,
      model: "scripted",
    });
    await untilTopic(town, `bead:${id}`, (state) => state.all("run")[0]);
  },
  LIMIT_MS,
);
