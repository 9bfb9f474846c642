import { expect, test } from "bun:test";
import {
  AGENT_MEMORY_BYTES,
  agentSlots,
  DISK_FREE_BYTES_MIN,
  LOAD_PER_CORE_MAX,
  refusalOf,
} from "./resource-gate.ts";

const well = {
  cores: 2,
  load1: 1,
  memoryBytes: 8 * 1024 ** 3,
  memoryFreeBytes: 4 * 1024 ** 3,
  diskFreeBytes: 50 * 1024 ** 3,
};

test("[C21] a host with room takes everything; without disk nothing, without memory or cores no agents, and it says why", () => {
  expect(refusalOf(well, null)).toBeNull();
  expect(refusalOf({ ...well, diskFreeBytes: DISK_FREE_BYTES_MIN - 1 }, null)).toEqual({
    what: "everything",
    why: "1024 MB of disk are free, it keeps 1.0 GB",
  });
  expect(refusalOf({ ...well, memoryFreeBytes: 210 * 1024 ** 2 }, null)).toEqual({
    what: "agents",
    why: "210 MB of memory are free, an agent needs 900 MB",
  });
  expect(refusalOf({ ...well, load1: 17.25 }, null)).toEqual({
    what: "agents",
    why: "its load is 17.3 on 2 cores",
  });
});

test("[C21] what was short must be well again, not just enough", () => {
  const agents = { what: "agents", why: "" } as const;
  const enough = { ...well, memoryFreeBytes: AGENT_MEMORY_BYTES };
  expect(refusalOf(enough, null)).toBeNull();
  expect(refusalOf(enough, agents)).toMatchObject({ what: "agents" });
  expect(refusalOf({ ...well, memoryFreeBytes: AGENT_MEMORY_BYTES * 1.25 }, agents)).toBeNull();
  const busy = { ...well, load1: LOAD_PER_CORE_MAX * well.cores };
  expect(refusalOf(busy, null)).toBeNull();
  expect(refusalOf(busy, agents)).toMatchObject({ what: "agents" });
});

const MB = 1024 ** 2;

test("[C21] an agent that was measured as small needs no more than that; one that was large is tried again alone", () => {
  const free = (memoryFreeBytes: number, agentBytes: number) =>
    refusalOf({ ...well, memoryFreeBytes, agentBytes }, null);
  expect(free(500 * MB, 400 * MB)).toBeNull();
  expect(free(300 * MB, 400 * MB)?.why).toBe("300 MB of memory are free, an agent needs 400 MB");
  expect(free(1_000 * MB, 6_000 * MB)).toBeNull();
});

test("[C21] as many agents as the free memory holds, less what those at work may still grow by, and one at least", () => {
  const slots = (freeMb: number, count = 0, growthMb = 0, before: number | null = null) =>
    agentSlots(
      { memoryFreeBytes: freeMb * MB, agentBytes: 600 * MB },
      { count, growthBytes: growthMb * MB },
      before,
    );
  expect(slots(2_000)).toBe(3);
  expect(slots(2_000, 2)).toBe(5);
  expect(slots(2_000, 2, 900)).toBe(3);
  expect(slots(100, 0)).toBe(1);
  expect(slots(100, 3, 900)).toBe(3);
});

test("[C21] room for one more counts when a quarter of an agent is free besides, and is lost at once", () => {
  const slots = (freeMb: number, before: number) =>
    agentSlots(
      { memoryFreeBytes: freeMb * MB, agentBytes: 600 * MB },
      { count: 0, growthBytes: 0 },
      before,
    );
  expect(slots(1_210, 1)).toBe(1);
  expect(slots(1_350, 1)).toBe(2);
  expect(slots(1_210, 2)).toBe(2);
  expect(slots(1_190, 2)).toBe(1);
  expect(slots(9_000, 2)).toBe(14);
});
