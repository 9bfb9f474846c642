import { expect, test } from "bun:test";
import type { ContextUse } from "../../../protocol/entities/context-use.ts";
import { ContextWatch } from "./context-watch.ts";

function watch(): { told: ContextUse[]; watch: ContextWatch } {
  const told: ContextUse[] = [];
  return { told, watch: new ContextWatch((use) => told.push(use)) };
}
const windowTokens = 200_000;

test("[C10] what a conversation takes of its window is told when it has grown by much, and when a turn ends", () => {
  const { told, watch: use } = watch();
  for (const tokens of [1_000, 4_000, 6_000, 8_000]) use.seen({ tokens, windowTokens });
  expect(told.map(({ tokens }) => tokens)).toEqual([6_000]);
  use.settled();
  use.settled();
  expect(told.map(({ tokens }) => tokens)).toEqual([6_000, 8_000]);
});

test("[C10] a summary is counted and told at once, and what it is told with shrinks at the next call", () => {
  const { told, watch: use } = watch();
  use.compacted();
  expect(told).toEqual([]);
  use.seen({ tokens: 180_000, windowTokens });
  use.compacted();
  use.seen({ tokens: 9_000, windowTokens });
  expect(told).toEqual([
    { tokens: 180_000, windowTokens, compactions: 1 },
    { tokens: 180_000, windowTokens, compactions: 2 },
    { tokens: 9_000, windowTokens, compactions: 2 },
  ]);
});
