import { expect, test } from "bun:test";
import type { ChatEntry, Issue, Run, TownLimits } from "../../protocol/index.ts";
import { smokeOutcome, type SmokeScene } from "./verdict.ts";

const limits = {
  day: { spentUsd: 0, limitUsd: 5, usedUp: null },
  provider: null,
} as unknown as TownLimits;
const empty: SmokeScene = {
  ...{ issues: [], convoys: [], escalations: [], reviews: [], runs: [], chat: [] },
  ...{ town: { limits }, runners: [], isolationConfirmed: false },
};
const issue = { title: "t", status: "open", wait: { rule: "", text: "", untilAt: null } } as Issue;
const run = (kind: Run["kind"]) => ({ kind, state: "running" }) as Run;
const person = (state: ChatEntry["state"]) => ({ kind: "person", state }) as ChatEntry;
const mayor = { kind: "mayor", state: "done", text: "Which\nrig?", note: null } as ChatEntry;
const over = (scene: Partial<SmokeScene>) => smokeOutcome({ ...empty, ...scene });

test("[A10] a smoke ends when its budget is used up, once nobody works any more", () => {
  const town = { limits: { ...limits, day: { spentUsd: 6, limitUsd: 5, usedUp: "$6 of $5" } } };
  const stuck = { end: "stuck", reason: "The budget is used up: $6 of $5." } as const;
  expect(over({ town, issues: [issue] })).toEqual(stuck);
  expect(over({ town, issues: [issue], runs: [run("session")] })).toEqual(stuck);
  expect(over({ town, issues: [issue], runs: [run("work")] })).toEqual({ end: "moving" });
  expect(over({ town, chat: [person("queued")] })).toEqual(stuck);
});

test("[A10] a smoke ends when a person has to mend the model, and waits for what passes", () => {
  const provider = (state: "refused" | "throttled") => ({
    limits: { ...limits, provider: { state, since: 1, untilAt: null, message: "The key." } },
  });
  expect(over({ town: provider("refused"), issues: [issue] })).toEqual({
    end: "stuck",
    reason: "The key.",
  });
  expect(over({ town: provider("throttled"), issues: [issue] })).toEqual({ end: "moving" });
});

test("[A10] a Mayor that makes no bead ends a smoke, with what it said", () => {
  expect(over({ chat: [person("seen"), mayor] })).toEqual({
    end: "stuck",
    reason: "The Mayor made no bead. It said: Which rig?",
  });
  expect(over({ chat: [person("queued"), mayor] })).toEqual({ end: "moving" });
  expect(over({ chat: [person("seen"), { ...mayor, state: "streaming" }] }).end).toBe("moving");
  expect(over({ chat: [person("seen"), mayor], issues: [issue] }).end).toBe("moving");
});

test("[A10] [C23] a host that does not isolate agents ends a smoke, unless that was agreed to", () => {
  const runners = [{ isolation: "none", isolationReason: "No bubblewrap." }] as const;
  expect(over({ runners })).toMatchObject({
    end: "stuck",
    reason: expect.stringMatching(/No bubblewrap.*--confirm-isolation/),
  });
  expect(over({ runners, isolationConfirmed: true })).toEqual({ end: "moving" });
});
