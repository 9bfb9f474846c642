// Whatever holds a bead up: `bead.explain` says what, until when and what to click; and the click is taken and helps.
import { afterEach, expect, test } from "bun:test";
import { commands, type CommandName, type FactBody, type Offer } from "../../../protocol/index.ts";
import { exit, HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rig: string;
afterEach(() => stage[Symbol.asyncDispose]());

async function open(): Promise<void> {
  stage = await openStage({ workAttemptsMax: 1, backOffBaseMs: 60_000, throttleBaseMs: 60_000 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
}
const sling = async (title = "Sort", more: object = {}) =>
  (await stage.do("bead.sling", { rig, title, ...more })).id;
async function working(more: object = {}): Promise<{ id: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const id = await sling("Sort", more);
  const offer = await stage.offered("work", before);
  await runner.tell(offer.spec, { kind: "started" });
  return { id, offer };
}
async function failed(more: object = {}): Promise<string> {
  const { id, offer } = await working(more);
  await runner.tell(offer.spec, exit("no_result", "silent"));
  return stage.until(async () => ((await stage.issue(id)).status === "failed" ? id : undefined));
}
const usage = (costUsd: number): FactBody => ({
  ...{ kind: "usage", model: "m", inputTokens: 1, outputTokens: 1, reasoningTokens: 0 },
  ...{ cacheReadTokens: 0, cacheWriteTokens: 0, costUsd, durationMs: 1, status: 200 },
});
/** Spends past a limit of one dollar; its run ends. */
async function spent(scope: "bead" | "day"): Promise<string> {
  await stage.do("budget.set", { scope, usd: 1 });
  const { id, offer } = await working();
  await runner.tell(offer.spec, usage(1.5));
  await stage.until(() => stage.port.stops.at(-1));
  await runner.tell(offer.spec, exit("stopped_by_town", "stopped"));
  return id;
}
async function inConvoy(more: object = {}) {
  const tasks = [{ key: "a", title: "Sort" }];
  const { convoy, beads } = await stage.do("convoy.sling", { rig, title: "All", tasks, ...more });
  return { convoy: convoy.id, id: beads[0]?.id ?? "" };
}
async function reviewed(verdict: "cannot_decide"): Promise<string> {
  const { id, offer } = await working();
  await runner.end(offer, workDone);
  const green = { headOid: HEAD, green: true, gates: [], conflicts: [], reason: null };
  await runner.end(await stage.offered("check"), { kind: "checked", ...green });
  const said = { headOid: HEAD, verdict, summary: "It could be either.", comments: [] };
  await runner.end(await stage.offered("review"), { kind: "verdict", ...said });
  return id;
}

interface Situation {
  what: string;
  /** Brings it about; answers the bead. */
  make: () => Promise<string>;
  says: RegExp;
  /** Whether an end is named. */
  until: boolean;
  /** What is offered, in order. */
  can: CommandName[];
}

const situations: Situation[] = [
  {
    what: "held",
    make: () => sling("Sort", { held: true }),
    ...{ says: /is held: release it/, until: false, can: ["bead.release"] },
  },
  {
    what: "archived",
    make: async () => {
      const id = await sling("Sort", { held: true });
      await stage.do("bead.archive", { beads: [id] });
      await stage.do("bead.release", { bead: id });
      return id;
    },
    ...{ says: /is archived: take it out/, until: false, can: ["bead.unarchive"] },
  },
  {
    what: "held, and blocked by a bead that failed",
    make: async () => sling("Sort", { held: true, dependsOn: [await failed()] }),
    ...{ says: /is held.*has failed: reopen or close it/s, until: false },
    can: ["bead.release", "bead.reopen", "bead.undepend"],
  },
  {
    what: "blocked by a bead at work",
    make: async () => sling("Next", { dependsOn: [(await working()).id] }),
    ...{ says: /waits for “Sort” to land/, until: false, can: [] },
  },
  {
    what: "staged",
    make: async () => (await inConvoy({ staged: true })).id,
    ...{ says: /its convoy is staged: start the convoy/, until: false, can: ["convoy.start"] },
  },
  {
    what: "paused with its convoy",
    make: async () => {
      await stage.do("town.pause", {});
      const { id, convoy } = await inConvoy();
      await stage.do("convoy.pause", { convoy });
      await stage.do("town.resume", {});
      return id;
    },
    ...{ says: /its convoy was paused by owner: resume it/, until: false, can: ["convoy.resume"] },
  },
  {
    what: "paused with its rig",
    make: async () => {
      await stage.do("rig.pause", { rig });
      return sling();
    },
    ...{ says: /rig sample was paused by owner: resume it/, until: false, can: ["rig.resume"] },
  },
  {
    what: "stopped with the town",
    make: async () => {
      await stage.do("town.stop", {});
      return sling();
    },
    ...{ says: /the town was stopped by owner: resume it/, until: false, can: ["town.resume"] },
  },
  {
    what: "parked",
    make: async () => {
      const { id, offer } = await working();
      await runner.tell(offer.spec, exit("crashed", "push_refused"));
      return id;
    },
    ...{ says: /parked: .*resume this bead/, until: false, can: ["bead.resume"] },
  },
  {
    what: "in a parked rig",
    make: async () => {
      const { id, offer } = await working();
      await runner.tell(offer.spec, exit("rejected", "repository_auth"));
      return id;
    },
    ...{ says: /rig sample is parked/, until: false, can: ["rig.recheck"] },
  },
  {
    what: "overspent",
    make: () => spent("bead"),
    ...{ says: /budget of this bead is used up, \$1\.50 of \$1\.00/, until: false },
    can: ["budget.set"],
  },
  {
    what: "held up by a day that is overspent",
    make: () => spent("day"),
    ...{ says: /budget of this day is used up: \$1\.50 of \$1\.00/, until: true },
    can: ["budget.set"],
  },
  {
    what: "throttled",
    make: async () => {
      const { id, offer } = await working();
      await runner.tell(offer.spec, exit("throttled", "throttled"));
      return id;
    },
    ...{ says: /asks to slow down/, until: true, can: ["provider.retry"] },
  },
  {
    what: "refused by the model",
    make: async () => {
      const { id, offer } = await working();
      await runner.tell(offer.spec, exit("rejected", "model_auth"));
      return id;
    },
    ...{ says: /refuses its key or name/, until: false, can: ["provider.retry", "model.set"] },
  },
  {
    what: "waiting for its next try",
    make: async () => {
      const { id, offer } = await working();
      await runner.tell(offer.spec, exit("crashed", "oom"));
      return id;
    },
    ...{ says: /waits before the next attempt/, until: true, can: [] },
  },
  {
    what: "waiting for an answer",
    make: async () => {
      const { id, offer } = await working();
      const { runId, fence } = offer.spec;
      const of = { connection: runner.connection, runId, fence, turnId: null, key: "the-question" };
      const asks = { question: "Tabs?", options: ["yes", "no"], wait: true };
      await stage.core.tool(runner.id, { ...of, tool: "gt_ask", arguments: asks });
      await stage.until(() => stage.port.stops[0]);
      await runner.tell(offer.spec, exit("stopped_by_town", "stopped"));
      return id;
    },
    ...{ says: /waits for the answer to its question/, until: true, can: [] },
  },
  {
    what: "not to be merged without gates",
    make: () => sling("Sort", { delivery: "merge" }),
    ...{ says: /has no gates: confirm merging without them/, until: false, can: ["rig.update"] },
  },
  {
    what: "on a host that isolates nothing",
    make: async () => {
      const isolation = { isolation: "none", isolationReason: "bubblewrap is missing" } as const;
      await runner.hello({ ...isolation, spoolSeq: runner.seq, lastOfferSeq: 99 });
      return sling();
    },
    ...{ says: /agents are not isolated on any runner here/, until: false, can: ["rig.update"] },
  },
  {
    what: "to be a program that no runner has",
    make: async () => {
      await stage.do("program.set", { role: "polecat", program: "opencode" });
      return sling();
    },
    ...{ says: /no connected runner has OpenCode/, until: false, can: ["program.set"] },
  },
  {
    what: "in a review that needs a person",
    make: () => reviewed("cannot_decide"),
    ...{ says: /It could be either/, until: false, can: ["review.decide", "review.decide"] },
  },
  {
    what: "being closed",
    make: async () => {
      const { id } = await working();
      await stage.do("bead.cancel", { bead: id });
      return id;
    },
    ...{ says: /is being closed as cancelled, when its run has ended/, until: true, can: [] },
  },
  {
    what: "stalled",
    make: async () => (await working()).id,
    ...{ says: /is nudged unless the work moves/, until: true, can: ["run.stop"] },
  },
];

/** Asked for words, or done on another page. */
const NEEDS_WORDS = new Set(["model.set", "review.decide"]);

for (const { what, make, says, until, can } of situations)
  test(`[B16] a bead that is ${what} says so, until when, and what to click; the click helps`, async () => {
    await open();
    const bead = await make();
    await stage.tick();
    const explained = await stage.do("bead.explain", { bead });
    expect(explained.reasons.map(({ text }) => text).join("\n")).toMatch(says);
    expect(explained.reasons.some(({ untilAt }) => untilAt !== null)).toBe(until);
    for (const { untilAt } of explained.reasons)
      if (untilAt !== null) expect(untilAt).toBeGreaterThan(stage.clock.now());
    expect(explained.can.map(({ command }) => command as CommandName)).toEqual(can);
    for (const { command, body, text } of explained.can) {
      expect(text).toMatch(/^[A-Z].{4,}[^.:]$/);
      if (command === "model.set") continue;
      expect(commands[command as CommandName].body.safeParse(body).error).toBeUndefined();
      if (NEEDS_WORDS.has(command)) continue;
      expect([command, await stage.codeOf(command, body)]).toEqual([command, "ok"]);
    }
    if (can.length === 0 || can.some((command) => NEEDS_WORDS.has(command))) return;
    await stage.tick();
    const after = await stage.do("bead.explain", { bead });
    const left = after.reasons.map(({ text }) => text).join("\n");
    if (can[0] === "run.stop") expect(left).toMatch(/told to stop/);
    else expect(left).not.toMatch(says);
  });

test("[B16] a bead that has failed says why, and what becomes of it and of its convoy", async () => {
  await open();
  const alone = await failed();
  const told = await stage.do("bead.explain", { bead: alone });
  expect(told.text).toMatch(/^It has failed: 1 runs? ended without finished work/);
  expect(told.can.map(({ command }) => command)).toEqual(["bead.reopen", "bead.close"]);
  const before = stage.port.offers.length;
  const { id, convoy } = await inConvoy();
  await runner.tell((await stage.offered("work", before)).spec, exit("no_result", "silent"));
  await stage.until(async () => ((await stage.issue(id)).status === "failed" ? true : undefined));
  const { can } = await stage.do("bead.explain", { bead: id });
  expect(can.map(({ command }) => command)).toEqual([
    ...["bead.reopen", "bead.close"],
    ...["convoy.decide", "convoy.decide"],
  ]);
  const drop = can.find(({ body }) => body["choice"] === "drop");
  expect(await stage.codeOf(drop?.command ?? "", drop?.body)).toBe("ok");
  expect((await stage.do("convoy.get", { convoy })).beads).toEqual([]);
});

test("[B16] a convoy that is staged says so, and is started by its click", async () => {
  await open();
  const { convoy, id } = await inConvoy({ staged: true });
  const { text, can } = await stage.do("convoy.explain", { convoy });
  expect(text).toContain("It is staged");
  const [start] = can;
  expect(await stage.codeOf(start?.command ?? "", start?.body)).toBe("ok");
  await stage.offered("work");
  expect((await stage.issue(id)).status).toBe("in_progress");
});
