// What holds a whole town back: pauses, the provider's state, the breaker.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Offer } from "../../../protocol/index.ts";
import { exit, openStage, PlayedRunner, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
let rigId: string;
beforeEach(async () => {
  stage = await openStage({ throttleBaseMs: 60_000, staggerMs: 10_000 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rigId = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const limits = async () => (await stage.do("town.status", {})).town.limits;
const sling = async (title = "Sort") => (await stage.do("bead.sling", { rig: rigId, title })).id;
const offersAfter = (before: number) => stage.port.offers.slice(before);

async function begin(): Promise<{ bead: string; offer: Offer }> {
  const before = stage.port.offers.length;
  const bead = await sling();
  return { bead, offer: await stage.offered("work", before) };
}

/** Time passes and the runner is heard of again. */
async function pass(ms: number, live: readonly Offer[] = []): Promise<void> {
  await stage.pass(ms);
  const held = live.map(({ spec: { runId, fence } }) => ({ runId, fence }));
  const lastOfferSeq = Math.max(0, ...stage.port.offers.map((offer) => offer.offerSeq));
  await runner.hello({
    spoolSeq: runner.seq,
    lastOfferSeq,
    live: held.map((run) => ({ ...run, phase: "running", progressAgoMs: 0 })),
  });
  await stage.tick();
}

test("[C24] a throttled provider is left alone by all, then tried by one run at a time until one moves", async () => {
  const { offer } = await begin();
  await sling("Second");
  const second = stage.port.offers.at(-1);
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, { kind: "started" }, exit("throttled", "throttled"));
  if (second) await runner.tell(second.spec, exit("throttled", "throttled"));
  await sling("Third");
  expect(offersAfter(before)).toEqual([]);
  expect((await limits()).provider).toMatchObject({ state: "throttled" });
  const waits = (await stage.do("bead.list", {})).map(({ wait }) => wait?.text);
  expect(new Set(waits)).toEqual(new Set(["the model's provider asks to slow down"]));
  await pass(60_000);
  const first = offersAfter(before);
  expect(first).toHaveLength(1);
  await pass(9_000, first);
  expect(offersAfter(before)).toHaveLength(1);
  await pass(1_100, first);
  expect(offersAfter(before)).toHaveLength(2);
  const [probe] = first;
  if (probe) await runner.tell(probe.spec, { kind: "progress", what: "tool" });
  await stage.tick();
  expect((await limits()).provider).toBeNull();
  expect(offersAfter(before)).toHaveLength(3);
});

test("[C24] a person has a provider tried before its time, by one run first", async () => {
  const { offer } = await begin();
  await sling("Second");
  const second = stage.port.offers.at(-1);
  await runner.tell(offer.spec, exit("rejected", "model_auth"));
  if (second) await runner.tell(second.spec, exit("rejected", "model_auth"));
  const before = stage.port.offers.length;
  await pass(86_400_000);
  expect(offersAfter(before)).toEqual([]);
  expect((await stage.do("provider.retry", {})).provider?.state).toBe("refused");
  await stage.tick();
  expect(offersAfter(before)).toHaveLength(1);
  expect(await stage.codeOf("provider.retry", {})).toBe("illegal_transition");
});

test("[C24] the Mayor has a lane of his own while agents are throttled", async () => {
  const { offer } = await begin();
  await runner.tell(offer.spec, exit("throttled", "throttled"));
  await stage.do("mayor.say", { text: "hello" });
  expect((await stage.offered("session")).spec.kind).toBe("session");
});

test("[C24] a used-up quota parks the work until its reset, or the fallback model does it", async () => {
  const { offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("quota", "quota"));
  expect((await limits()).provider?.untilAt).toBeGreaterThan(stage.clock.now() + 3_000_000);
  expect(offersAfter(before)).toEqual([]);
  const endpoint = { provider: "openai-compatible", baseUrl: "http://127.0.0.1:9" } as const;
  await stage.do("model.set", { ...endpoint, model: "m", fallbackModel: "cheap" });
  const anew = await stage.offered("work", before);
  await runner.tell(anew.spec, exit("quota", "quota"));
  await stage.tick();
  const instead = stage.port.offers.at(-1);
  expect(instead?.spec).toMatchObject({ kind: "work", model: { model: "cheap" } });
  if (instead) await runner.tell(instead.spec, { kind: "progress", what: "tool" });
  expect((await limits()).provider?.state).toBe("quota");
});

test("[C2] a refused key stops dispatch at once and says what to mend; no bead is blamed", async () => {
  const { bead, offer } = await begin();
  const before = stage.port.offers.length;
  await runner.tell(offer.spec, exit("rejected", "model_auth"));
  await pass(86_400_000);
  expect(offersAfter(before)).toEqual([]);
  const told = await stage.issue(bead);
  expect(told.startFailures).toBe(0);
  expect(told.wait?.text).toContain("refuses its key or name");
});

test("[F9] an emergency stop ends every agent, dispatches nothing, and resume goes on", async () => {
  const { bead, offer } = await begin();
  await stage.do("mayor.say", { text: "hello" });
  const session = await stage.offered("session");
  await stage.do("town.stop", { reason: "too dear" });
  const ordered = () => stage.port.stops.map(({ runId }) => runId).sort();
  const both = [offer.spec.runId, session.spec.runId].sort();
  await stage.until(() => (ordered().length === 2 ? true : undefined));
  expect(ordered()).toEqual(both);
  await runner.tell(offer.spec, exit("stopped_by_person", "stopped"));
  await runner.tell(session.spec, exit("stopped_by_person", "stopped"));
  const before = stage.port.offers.length;
  await sling("Later");
  await pass(3_600_000);
  expect(offersAfter(before)).toEqual([]);
  expect((await limits()).pause).toMatchObject({ kind: "stop", reason: "too dear" });
  expect(await stage.issue(bead)).toMatchObject({ status: "open", workAttempts: 0 });
  expect((await stage.issue(bead)).wait?.text).toContain("the town was stopped by owner");
  expect(await stage.codeOf("town.pause", {})).toBe("illegal_transition");
  await stage.restart();
  await runner.hello({ spoolSeq: runner.seq });
  expect((await limits()).pause?.kind).toBe("stop");
  await stage.do("town.resume", {});
  await stage.until(() => (offersAfter(before).length >= 2 ? true : undefined));
  expect(await stage.codeOf("town.resume", {})).toBe("illegal_transition");
});

test("[F9] a pause lets runs go on, and its time is not counted against them", async () => {
  const { offer } = await begin();
  await runner.tell(offer.spec, { kind: "started" });
  await stage.do("rig.pause", { rig: rigId });
  const before = stage.port.offers.length;
  const waiting = await sling("Later");
  await pass(5 * 3_600_000, [offer]);
  expect([offersAfter(before), stage.port.stops]).toEqual([[], []]);
  expect((await stage.issue(waiting)).wait?.text).toContain("rig sample was paused by owner");
  await stage.do("rig.resume", { rig: rigId });
  await pass(1_000, [offer]);
  expect(stage.port.stops).toEqual([]);
  await pass(4 * 3_600_000, stage.port.offers.slice(1));
  await stage.until(() => stage.port.stops.find(({ runId }) => runId === offer.spec.runId));
});

test("[F9] a paused convoy waits, the beads beside it do not", async () => {
  const { convoy, beads } = await stage.do("convoy.sling", {
    rig: rigId,
    title: "Both",
    parallel: true,
    tasks: [
      { key: "a", title: "A" },
      { key: "b", title: "B" },
    ],
  });
  for (const offer of stage.port.offers.slice(1))
    await runner.tell(offer.spec, exit("evicted", "leaving"));
  await stage.do("convoy.pause", { convoy: convoy.id });
  const before = stage.port.offers.length;
  await pass(3_600_000);
  expect(offersAfter(before)).toEqual([]);
  expect((await stage.issue(beads[0]?.id ?? "")).wait?.text).toContain("its convoy was paused");
  const other = await begin();
  expect("bead" in other.offer.spec && other.offer.spec.bead.id).toBe(other.bead);
  await stage.do("convoy.resume", { convoy: convoy.id });
  await stage.until(() => (offersAfter(before).length >= 3 ? true : undefined));
});

/** No work can be started, until the breaker opens. */
async function failUntilOpen(): Promise<void> {
  const answered = new Set<string>();
  await stage.until(async () => {
    for (const { spec } of stage.port.offers) {
      if (spec.kind !== "work" || answered.has(spec.runId)) continue;
      answered.add(spec.runId);
      await runner.tell(spec, exit("crashed", "no_shell"));
    }
    return (await limits()).breaker.state === "open" ? true : undefined;
  });
}

test("[C3] [SC-RECOVER-8] failing starts open the breaker, it survives a restart, one fresh bead closes it", async () => {
  for (const title of ["A", "B", "C", "D"]) await sling(title);
  await failUntilOpen();
  expect(stage.escalations()).toEqual(["The breaker is open: no agent is started"]);
  const before = stage.port.offers.length;
  const fresh = await sling("Fresh");
  expect((await stage.issue(fresh)).wait?.text).toContain("the breaker is open: 8 runs");
  await stage.restart();
  await runner.hello({ spoolSeq: runner.seq });
  expect((await limits()).breaker.state).toBe("open");
  await pass(125_000);
  expect((await limits()).breaker.state).toBe("half_open");
  const [probe, ...others] = offersAfter(before);
  expect(others).toEqual([]);
  if (!probe) throw new Error("nothing was tried");
  expect("bead" in probe.spec && probe.spec.bead.id).toBe(fresh);
  await runner.tell(probe.spec, { kind: "started" }, { kind: "progress", what: "tree" });
  expect((await limits()).breaker).toMatchObject({ state: "closed", reason: null });
  expect(stage.escalations()).toEqual([]);
  await stage.until(() => (offersAfter(before).length > 1 ? true : undefined));
});

test("[C3] [SC-RECOVER-8] a breaker that was open for long is tried by a bead that does not fail, though those that do are before it", async () => {
  await stage.do("settings.set", { key: "breakerOpenMs", value: 900_000 });
  for (const title of ["A", "B", "C", "D"])
    await stage.do("bead.sling", { rig: rigId, title, priority: "high" });
  await failUntilOpen();
  const before = stage.port.offers.length;
  const { id } = await stage.do("bead.sling", { rig: rigId, title: "Fresh", priority: "low" });
  await pass(905_000);
  expect((await limits()).breaker.state).toBe("half_open");
  const [probe, ...others] = offersAfter(before);
  expect(others).toEqual([]);
  expect(probe && "bead" in probe.spec && probe.spec.bead.id).toBe(id);
});
