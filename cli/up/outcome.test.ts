import { expect, test } from "bun:test";
import type { ChatEntry, Convoy, Escalation, Issue, Run } from "../../protocol/index.ts";
import { outcomeOf, type Scene } from "./outcome.ts";

const empty: Scene = { issues: [], convoys: [], escalations: [], reviews: [], runs: [], chat: [] };
const issue = (change: Partial<Issue>) =>
  ({ title: "t", status: "open", wait: null, failure: null, ...change }) as Issue;
const escalation = (resolvedAt: number | null) => ({ title: "help", resolvedAt }) as Escalation;
const run = (kind: Run["kind"]) => ({ kind, state: "running" }) as Run;
const waiting = { rule: "bead/blocked", text: "waits", untilAt: null };
const end = (scene: Partial<Scene>) => outcomeOf({ ...empty, ...scene }).end;

test("[A1] an empty town is not done: it needs a bead", () => {
  expect(end({})).toBe("moving");
  expect(end({ issues: [issue({ status: "closed" })] })).toBe("done");
});

test("[A1] done means every bead closed, every convoy landed, no escalation, the Mayor at rest", () => {
  const issues = [issue({ status: "closed" })];
  const convoy = (state: Convoy["state"]) => ({ title: "c", state }) as Convoy;
  expect(end({ issues, convoys: [convoy("landed"), convoy("cancelled")] })).toBe("done");
  expect(end({ issues, convoys: [convoy("active")] })).toBe("moving");
  expect(end({ issues, convoys: [convoy("failed")] })).toBe("stuck");
  expect(end({ issues, escalations: [escalation(5)] })).toBe("done");
  expect(end({ issues, escalations: [escalation(null)] })).toBe("stuck");
  expect(end({ issues, chat: [{ kind: "mayor", state: "streaming" } as ChatEntry] })).toBe(
    "moving",
  );
  expect(end({ issues: [...issues, issue({})] })).toBe("moving");
});

test("[A1] a failed bead is the end only when nothing else moves", () => {
  const failed = issue({ status: "failed" });
  expect(end({ issues: [failed] })).toBe("stuck");
  expect(end({ issues: [failed, issue({ wait: waiting })] })).toBe("stuck");
  expect(end({ issues: [failed, issue({ wait: { ...waiting, untilAt: 9 } })] })).toBe("moving");
  expect(end({ issues: [failed], runs: [run("work")] })).toBe("moving");
  expect(end({ issues: [failed], runs: [run("session")] })).toBe("stuck");
});
