import { expect, test } from "bun:test";
import type { AgentBehind } from "../../agents/doors.ts";
import { upstreamNow } from "../../agents/gateway.ts";
import { LateBehind } from "./late-behind.ts";

const late = () =>
  new LateBehind({
    ...{ name: "w1", role: "polecat", models: ["big"], hasEgress: true },
    now: () => 1_000,
  });
const reachOf = ({ egress }: AgentBehind) =>
  typeof egress?.reach === "function" ? egress.reach() : egress?.reach;
const call = { model: "big" };
const meta = { runId: "w1", callId: "1", terminal: true };

function run(): AgentBehind & { called: string[] } {
  const called: string[] = [];
  return {
    called,
    runId: "rn1",
    gateway: {
      upstream: { baseUrl: "http://model", apiKey: "key" },
      models: ["big"],
      now: () => 1_000,
      admit: () => ({ ok: true }),
      onUsage: () => called.push("usage"),
      onFailure: () => called.push("failure"),
    },
    tools: {
      role: "polecat",
      call: (tool) => {
        called.push(tool);
        return Promise.resolve({ ok: true, next: "" });
      },
      onBug: () => called.push("bug"),
    },
    egress: { reach: ["a.test:443"], onRefused: () => called.push("refused") },
  };
}

test("[C21] an agent that waits calls no model and no tool and reaches nothing, and there is no key behind its doors", async () => {
  const { behind, refused } = late();
  expect(await behind.gateway.admit(call)).toMatchObject({ ok: false, code: "not_begun" });
  await refused;
  expect(await behind.tools.call("gt_done", {}, meta)).toMatchObject({ ok: false });
  expect(() => upstreamNow(behind.gateway.upstream)).toThrow("no run has begun");
  expect(reachOf(behind)).toEqual([]);
});

test("[C21] once a run has begun everything is the run's, and no second one gets in", async () => {
  const waiting = late();
  const mine = run();
  waiting.begin(mine);
  const { gateway, tools } = waiting.behind;
  expect(await gateway.admit(call)).toEqual({ ok: true });
  expect(upstreamNow(gateway.upstream)).toEqual({ baseUrl: "http://model", apiKey: "key" });
  await tools.call("gt_done", {}, meta);
  tools.onBug(new Error("a bug"), "gt_done");
  expect(reachOf(waiting.behind)).toEqual(["a.test:443"]);
  waiting.behind.egress?.onRefused("b.test:443", "It is not named.");
  expect(mine.called).toEqual(["gt_done", "bug", "refused"]);
  expect(() => waiting.begin(run())).toThrow("one run only");
});
