import { expect, test } from "bun:test";
import { actionsOf, NOW, runner, stepsOf } from "../../../../tests/support/snapshot.ts";
import { decideStill, STILL_MS, stillRun } from "../../../../tests/support/still.ts";
import type { ProviderView } from "../../../model/provider.ts";
import type { RunView, Snapshot } from "../../snapshot.ts";

const RULE = "run/nudge-still";
const nudges = (run: RunView, town: Partial<Snapshot> = {}) =>
  actionsOf(stepsOf(decideStill(run, town), RULE), "climb");
const LATE = STILL_MS + 1;

test.each(["work", "review"] as const)(
  "[run/nudge-still] [C12] the agent of a %s run without progress is told, when its time is over",
  (kind) => {
    const change = kind === "review" ? { kind, reviewId: "mr_1" } : { kind };
    expect(nudges(stillRun(STILL_MS - 1, change))).toEqual([]);
    expect(nudges(stillRun(STILL_MS, change))).toMatchObject([{ rung: 1, mode: "wait_idle" }]);
    expect(nudges(stillRun(STILL_MS, change))[0]?.text).toStartWith(
      "The work has not moved for 10 minutes.",
    );
  },
);

test("[run/nudge-still] the town looks again when that time is over", () => {
  const timer = { subject: "rn_1", kind: "rung", dueAt: NOW + STILL_MS - 7 };
  expect(decideStill(stillRun(7)).timers).toContainEqual(timer);
});

test("[run/nudge-still] [C12] what is slow by nature has its own time first", () => {
  expect(nudges(stillRun(LATE, { busyUntil: NOW - STILL_MS + 1 }))).toEqual([]);
  expect(nudges(stillRun(LATE, { busyUntil: NOW - STILL_MS }))).toHaveLength(1);
});

test("[run/nudge-still] [C12] an agent that goes in circles is told at once, and how", () => {
  const repeating = { pattern: "same_call", times: 4, text: "bash ls" } as const;
  expect(nudges(stillRun(0, { repeating }))[0]?.text).toStartWith(
    "The agent made the same call with the same result 4 times (bash ls).",
  );
});

test("[run/nudge-still] [C12] nobody climbs while people, provider, runner or the town are to blame", () => {
  const late = stillRun(LATE);
  const pause = { kind: "pause", by: "person:owner", at: NOW } as const;
  expect(nudges(late, { pauses: new Map([["town", pause]]) })).toEqual([]);
  expect(nudges(late, { pauses: new Map([["rg_1", pause]]) })).toEqual([]);
  expect(nudges(late, { observingUntil: NOW + 1 })).toEqual([]);
  expect(nudges(late, { runners: [runner({ online: false })] })).toEqual([]);
  const throttled: ProviderView = {
    lane: "agents",
    state: "throttled",
    since: NOW,
    untilAt: NOW - STILL_MS + 1,
    releaseAt: 0,
    strikes: 1,
    strikeAt: NOW,
    message: "",
    model: null,
  };
  expect(nudges(late, { providers: new Map([["agents", throttled]]) })).toEqual([]);
  const before = { ...throttled, untilAt: NOW - STILL_MS };
  expect(nudges(late, { providers: new Map([["agents", before]]) })).toHaveLength(1);
});

test("[run/nudge-still] [SC-AGENT-4] the Mayor and code are not nudged", () => {
  const session = { kind: "session", beadId: null, resource: "session:se_1" } as const;
  expect(nudges(stillRun(LATE, session))).toEqual([]);
  expect(nudges(stillRun(LATE, { kind: "merge", resource: "lane:rg_1:main" }))).toEqual([]);
});
