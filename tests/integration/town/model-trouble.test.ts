// A model that gets into trouble in the middle of a bead: real town, runner and agent; what is said, and how it goes on.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { TownLimits } from "../../../protocol/index.ts";
import type { ScriptInput } from "../../../scripted/script.ts";
import { eventually } from "../../kill/eventually.ts";
import { personGit } from "../../support/git-rig.ts";
import { landedBeads } from "../../support/landed-sample.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { moodyModel, type MoodyModel } from "../../support/moody-model.ts";
import {
  openWholeTown,
  untilLanded,
  untilTopic,
  type TopicState,
  type WholeTown,
} from "../../support/whole-town.ts";
import { makeRepository } from "./repositories.ts";
import { oneOfThem } from "../../support/sample.ts";

const long = oneOfThem("trouble of a model", 4);

const LIMIT_MS = 240_000;
const TEN_MINUTES_MS = 600_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
/** The first word of a turn is waited for so long; nobody waits for anything else. */
const POLICY = { firstTokenMs: 10_000, backOffBaseMs: 100, throttleBaseMs: 100, staggerMs: 100 };

/** Reads, writes a line, and hands in. */
const polecat: ScriptInput["entries"] = [
  {
    role: "polecat",
    turns: [
      { text: "# Reading\n", tools: [{ name: "gt_prime" }] },
      {
        text: "# Writing\n",
        tools: [
          { name: "bash", arguments: { command: "echo kept > note.txt", description: "Writes" } },
        ],
        pauseMs: 1_500,
      },
      { text: "# Handing in\n", tools: [{ name: "gt_done", arguments: { summary: "Noted." } }] },
    ],
  },
];

let town: WholeTown;
let model: MoodyModel;
let remote: string;
let rigId: string;
beforeEach(async () => {
  town = await openWholeTown({ entries: polecat, policy: POLICY, hasModel: false });
  model = moodyModel(town.modelUrl);
  await choose("first-key");
  remote = await makeRepository(join(town.dir, "rig"), "bare");
  const gates = [{ name: "check", command: "sh check.sh" }];
  const wish = { name: "rig", remote, delivery: "merge", codeReview: false, gates } as const;
  rigId = (await town.client.call("rig.add", wish)).id;
}, LIMIT_MS);
afterEach(async () => {
  await town[Symbol.asyncDispose]();
  await model.stop();
});

function choose(key: string) {
  const { url: baseUrl } = model;
  return town.client.call("model.set", {
    ...{ provider: "openai-compatible", baseUrl, model: "scripted", key },
  });
}

/** Slings a bead, whose agent has begun when the model's mood turns. */
async function slingInto(mood: MoodyModel["mood"], calls: number): Promise<string> {
  const { id } = await town.client.call("bead.sling", { rig: rigId, title: "Note it" });
  if (calls > 0)
    await untilTopic(
      town,
      `bead:${id}`,
      (state) => worksIn(state).some(({ usage }) => usage.calls >= calls) || null,
    );
  model.mood = mood;
  return id;
}

function worksIn(state: TopicState) {
  return state.all("run").filter(({ kind }) => kind === "work");
}

function untilProvider(state: NonNullable<TownLimits["provider"]>["state"]) {
  return untilTopic(town, "town", (seen) => {
    const provider = seen.all("town")[0]?.limits.provider;
    return provider?.state === state ? provider : null;
  });
}

function untilWaits(id: string, words: RegExp) {
  return untilTopic(town, `bead:${id}`, (state) => {
    const wait = state.all("issue")[0]?.wait;
    return wait !== null && words.test(wait?.text ?? "") ? wait : null;
  });
}

async function expectLandedOnce(id: string, outcomes: string[]): Promise<void> {
  await untilLanded(town, id);
  expect(await landedBeads(remote)).toEqual([id]);
  expect(await personGit(remote, "show", "main:note.txt")).toBe("kept");
  const { bead, runs } = await town.client.call("bead.get", { bead: id });
  const works = runs
    .filter(({ kind }) => kind === "work")
    .toSorted((a, b) => a.fence.n - b.fence.n);
  expect(works.map(({ outcome }) => `${outcome}`)).toEqual(outcomes);
  expect(bead).toMatchObject({ workAttempts: 0 });
}

long(() =>
  test.skipIf(needsAgent)(
    "[C24] a model that answers 429 and asks for ten minutes is left alone for ten minutes, says so, costs the bead nothing, and can be tried before",
    async () => {
      const id = await slingInto("throttled", 1);
      const provider = await untilProvider("throttled");
      expect(provider.message).toMatch(/slow down/);
      const patience = (provider.untilAt ?? 0) - Date.now();
      expect(patience).toBeGreaterThan(TEN_MINUTES_MS / 2);
      expect(patience).toBeLessThanOrEqual(TEN_MINUTES_MS);
      const wait = await untilWaits(id, /provider|slow down|throttle/i);
      expect(wait.untilAt).toBe(provider.untilAt);
      const before = model.met.throttled;
      model.mood = "well";
      await town.client.call("provider.retry", {});
      await expectLandedOnce(id, ["throttled", "done"]);
      expect(model.met.throttled).toBe(before);
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C2] [C17] a key that is refused from now on stops all agents at once, says what to mend, costs the bead nothing, and a new key goes on",
    async () => {
      const id = await slingInto("refused", 1);
      const provider = await untilProvider("refused");
      expect(provider).toMatchObject({ untilAt: null });
      expect(provider.message).toMatch(/key.*refused.*model settings/i);
      await untilWaits(id, /key|refuse/i);
      const asked = model.met.refused;
      model.mood = "well";
      await choose("second-key");
      await expectLandedOnce(id, ["rejected", "done"]);
      expect(model.met.refused).toBe(asked);
      const { bead } = await town.client.call("bead.get", { bead: id });
      expect(bead).toMatchObject({ startFailures: 0 });
      expect(JSON.stringify(await town.client.call("bead.get", { bead: id }))).not.toMatch(
        /(first|second)-key/,
      );
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C16] answers that break off in their middle are asked for again by the agent, in the same run, and are counted",
    async () => {
      const id = await slingInto("half", 1);
      const found = await untilTopic(town, `bead:${id}`, (state) => worksIn(state)[0]);
      await eventually("two answers broke off", () =>
        Promise.resolve(model.met.half >= 2 || undefined),
      );
      model.mood = "well";
      await expectLandedOnce(id, ["done"]);
      const { runs } = await town.client.call("bead.get", { bead: id });
      expect(runs.find((run) => run.id === found.id)?.usage.calls).toBeGreaterThanOrEqual(5);
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C4] a model that answers nothing is a start that failed, with its reason, and the bead is tried again",
    async () => {
      const id = await slingInto("mute", 0);
      const failed = await untilTopic(town, `bead:${id}`, (state) =>
        worksIn(state).find(({ outcome }) => outcome === "rejected"),
      );
      expect(failed.reason).toMatchObject({
        code: "first_token",
        message: "The model said nothing within 10 s of its first turn.",
      });
      model.mood = "well";
      await untilLanded(town, id);
      expect(await landedBeads(remote)).toEqual([id]);
    },
    LIMIT_MS,
  ),
);
