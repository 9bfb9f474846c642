import { expect, test } from "bun:test";
import {
  AGENT_MEMORY_BYTES,
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
