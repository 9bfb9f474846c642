import { expect, test } from "bun:test";
import { PortBlocks, portsOf } from "./port-blocks.ts";

test("[C22] blocks never share a port, and pass over those that somebody listens on", () => {
  const taken = new Set([20_004]);
  const blocks = new PortBlocks((port) => !taken.has(port), 0);
  const [one, two, three] = [blocks.take(3), blocks.take(3), blocks.take(3)];
  const ports = [one, two, three].flatMap((block) => (block === null ? [] : portsOf(block)));
  expect(ports).toHaveLength(9);
  expect(new Set(ports).size).toBe(9);
  expect(ports).not.toContain(20_004);
});

test("[C22] what was given back is given again, and a host without a free block says so", () => {
  const blocks = new PortBlocks((port) => port < 20_004, 0);
  const one = blocks.take(4);
  expect(one).toEqual({ first: 20_000, count: 4 });
  expect(blocks.take(4)).toBeNull();
  if (one !== null) blocks.giveBack(one);
  expect(blocks.take(4)).toEqual({ first: 20_000, count: 4 });
});
