import { expect, test } from "bun:test";
import { HostClock } from "../../../sim/world/host-clock.ts";
import { Trace } from "../../../sim/world/trace.ts";
import { World } from "../../../sim/world/world.ts";
import { TOOL_IN_FLIGHT_MS_MAX, TOOL_LIMIT_MS_MAX, TOOL_TOLD_AFTER_MS } from "../../config.ts";
import { toolLimitMs, ToolsInFlight } from "./tools-in-flight.ts";

test("[C12] a call has its own limit when it says one, within bounds", () => {
  const of = (input: unknown) => toolLimitMs(JSON.stringify(input));
  expect(of({ command: "ls" })).toBe(TOOL_IN_FLIGHT_MS_MAX);
  expect(of({ timeout: 1_000 })).toBe(TOOL_IN_FLIGHT_MS_MAX);
  expect(of({ timeout: 30 * 60_000 })).toBe(31 * 60_000);
  expect(of({ timeout: 1e12 })).toBe(TOOL_LIMIT_MS_MAX);
  expect(of({ timeout: "long" })).toBe(TOOL_IN_FLIGHT_MS_MAX);
  expect(toolLimitMs('{"timeout": 9999')).toBe(TOOL_IN_FLIGHT_MS_MAX);
  expect(toolLimitMs("null")).toBe(TOOL_IN_FLIGHT_MS_MAX);
});

test("[C12] the town is told of a call that takes its time, and once of the end of all such", () => {
  const world = new World(1, new Trace(0));
  const told: [string, number][] = [];
  const tools = new ToolsInFlight(new HostClock(world, "runner"), (...what) => told.push(what));
  const pass = (ms: number) => world.run(() => false, world.nowMs + ms);
  tools.started("quick", "read", "{}");
  tools.ended("quick");
  tools.started("a", "bash", "{}");
  tools.started("b", "bash", '{"timeout":3600000}');
  expect(tools.limitMs).toBe(3_660_000);
  pass(TOOL_TOLD_AFTER_MS + 1);
  expect(told).toEqual([
    ["bash", TOOL_IN_FLIGHT_MS_MAX],
    ["bash", 3_660_000],
  ]);
  tools.ended("a");
  expect(told).toHaveLength(2);
  tools.clear();
  expect(told.at(-1)).toEqual(["", 0]);
  expect(tools.limitMs).toBeNull();
});
