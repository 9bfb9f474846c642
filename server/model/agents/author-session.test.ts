import { expect, test } from "bun:test";
import { whyAfresh, type AuthorSession, type Rework } from "./author-session.ts";

const kept: AuthorSession = { runId: "rn_1", program: "kilo", at: 1_000 };
const context = { tokens: 90_000, windowTokens: 200_000, compactions: 0 };
const rework: Rework = {
  ...{ program: "kilo", now: 61_000, keptMs: 60_000 },
  last: { runId: "rn_1", context },
};
const full = (tokens: number, windowTokens: number | null = 200_000) =>
  whyAfresh(kept, {
    ...rework,
    last: { runId: "rn_1", context: { ...context, tokens, windowTokens } },
  });

test("[C10] a rework goes on in its author's session while that is recent and under half of its context", () => {
  expect(whyAfresh(kept, rework)).toBeNull();
  expect(full(100_000)).toBeNull();
  expect(full(100_001)).toContain("100001 of 200000 tokens");
  expect(whyAfresh(kept, { ...rework, now: 61_001 })).toContain("too long ago");
});

test("[C10] a rework begins afresh, and says why, where there is no such session or nobody knows how full it is", () => {
  expect(whyAfresh(null, rework)).toContain("Nothing was kept");
  expect(whyAfresh({ ...kept, program: "opencode" }, rework)).toContain("OpenCode");
  expect(whyAfresh(kept, { ...rework, last: null })).toContain("Another run");
  expect(whyAfresh(kept, { ...rework, last: { runId: "rn_2", context } })).toContain("Another run");
  expect(whyAfresh(kept, { ...rework, last: { runId: "rn_1", context: null } })).toContain(
    "not known",
  );
  expect(full(10, null)).toContain("not known");
});
