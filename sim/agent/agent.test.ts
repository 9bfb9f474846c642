import { expect, test } from "bun:test";
import { driverContract, type ContractTurn } from "../../runner/agents/driver.contract.ts";
import type { AgentEvent, AgentSpec } from "../../runner/agents/driver.ts";
import type { ToolServerOptions } from "../../runner/agents/mcp.ts";
import { systemClock } from "../../runner/clock.ts";
import { SimClock } from "../clock.ts";
import { SimRandom } from "../random.ts";
import { SimAgent } from "./agent.ts";
import type { Answer, Mind } from "./answer.ts";
import { SimDoors } from "./doors.ts";

const spec: Omit<AgentSpec, "gateway" | "tools" | "egress" | "socketDir"> = {
  onModelCall: () => undefined,
  ...{
    runId: "rn1",
    role: "polecat",
    program: "kilo",
    prompt: "",
    model: "m",
    smallModel: "m",
    hide: [],
  },
  ...{ cwd: "/tree", home: "/home", tmp: "/tmp", readOnly: [], readWrite: ["/tree"] },
  servers: [],
};

function open(answers: readonly Answer[], clock = systemClock, resume?: Uint8Array) {
  const toolCalls: { tool: string; args: Record<string, unknown> }[] = [];
  const events: AgentEvent[] = [];
  const usage: number[] = [];
  const call: ToolServerOptions["call"] = (tool, args) => {
    toolCalls.push({ tool, args });
    return Promise.resolve({ ok: true, value: "noted", next: "" });
  };
  const doors = new SimDoors(new SimRandom(1));
  const upstream = { baseUrl: "", apiKey: "" };
  const opened = doors.open({
    runId: spec.runId,
    gateway: {
      ...{ upstream, models: ["m"], now: () => clock.now(), admit: () => ({ ok: true }) },
      onUsage: ({ outputTokens }) => usage.push(outputTokens),
      onFailure: () => undefined,
    },
    tools: { role: "polecat", call, onBug: () => undefined },
    egress: null,
  });
  const door = doors.find(opened.tools.secret)!;
  const files = new Map<string, string>();
  const mind: Mind = ({ call: n }) => answers[n - 1] ?? {};
  const driver = new SimAgent(
    { ...spec, ...opened, ...(resume && { resume }) },
    { clock, mind, door, files },
  );
  let wake = Promise.withResolvers<void>();
  driver.onEvent((event) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  return { driver, opened, events, toolCalls, usage, files, wake: () => wake.promise };
}

driverContract(
  "simulated",
  (turns: readonly ContractTurn[], resume) => {
    const stage = open(turns, systemClock, resume);
    const { driver, events, toolCalls, usage } = stage;
    return Promise.resolve({
      ...{ driver, events, toolCalls },
      awaitEvent: async (fits) => {
        for (;;) {
          const seen = events.find(fits);
          if (seen !== undefined) return seen;
          await stage.wake();
        }
      },
      modelCalls: () => usage.length,
      crash: () => Promise.resolve(driver.die()),
      [Symbol.asyncDispose]: async () => void (await driver.stop()),
    });
  },
  { timeoutMs: 5_000, remembers: true, tells: "nothing" },
);

/** Lets the agent do all that it does by itself. */
async function play(clock: SimClock): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (clock.fireNext());
}

test("[SIM-agent] it writes its tree, calls a tool twice, and is refused what its role does not have", async () => {
  const clock = new SimClock();
  const done = { name: "gt_done", arguments: { summary: "s" } };
  const stage = open(
    [
      { writes: { "a.txt": "a\n" }, tool: done },
      { tool: done },
      { tool: { name: "gt_verdict", arguments: {} } },
      { tool: { name: "gt_done", arguments: { wrong: true } } },
      { text: "Over." },
    ],
    clock,
  );
  void stage.driver.start();
  await play(clock);
  void stage.driver.prompt({ text: "Do it", messageId: "m1" });
  await play(clock);
  expect([...stage.files]).toEqual([["a.txt", "a\n"]]);
  expect(stage.toolCalls.map(({ tool }) => tool)).toEqual(["gt_done", "gt_done"]);
  const ends = stage.events.filter((event) => event.type === "tool_end");
  expect(ends.map(({ ok }) => ok)).toEqual([true, true, false, false]);
  expect(ends[2]?.output).toContain("There is no tool gt_verdict");
  expect(stage.usage).toHaveLength(5);
});

test("[SIM-agent] a call that comes when its doors are closed is answered by nobody", async () => {
  const clock = new SimClock();
  const done = { name: "gt_done", arguments: { summary: "s" } };
  const stage = open([{ tool: done, afterMs: 60_000 }], clock);
  void stage.driver.start();
  await play(clock);
  void stage.driver.prompt({ text: "Do it", messageId: "m1" });
  clock.advance(59_000);
  stage.opened.revoke();
  await play(clock);
  expect(stage.toolCalls).toEqual([]);
  expect(stage.events.at(-1)).toEqual({ type: "turn_closed", reason: "completed" });
});

test("[SIM-agent] it refuses to start, dies in its turn, or stays silent as its mind says", async () => {
  const clock = new SimClock();
  const dying = open([{ dies: true }], clock);
  void dying.driver.start();
  await play(clock);
  void dying.driver.prompt({ text: "Do it", messageId: "m1" });
  await play(clock);
  expect(await dying.driver.exited).toMatchObject({ signal: "SIGKILL", cancelled: false });
  const silent = open([{ silent: true }], clock);
  void silent.driver.start();
  await play(clock);
  void silent.driver.prompt({ text: "Do it", messageId: "m1" });
  await play(clock);
  expect(silent.events.map(({ type }) => type)).toEqual(["turn_opened"]);
});
