import { expect, test } from "bun:test";
import { actionsOf, NOW, runner, snapshot, stepsOf } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "runner/watch-silence";
const stateAfter = (change: Parameters<typeof runner>[0], observingUntil: number | null = null) => {
  const plan = reconcile(snapshot({ runners: [runner(change)], observingUntil }));
  return actionsOf(stepsOf(plan, RULE), "set_runner")[0]?.state ?? null;
};

test("[runner/watch-silence] a silent runner is suspect at 60 s and lost at 120 s", () => {
  expect(stateAfter({ online: false, lastSeenAt: NOW - 59_999 })).toBeNull();
  expect(stateAfter({ online: false, lastSeenAt: NOW - 60_000 })).toBe("suspect");
  const gone = { online: false, state: "suspect" } as const;
  expect(stateAfter({ ...gone, lastSeenAt: NOW - 119_999 })).toBeNull();
  expect(stateAfter({ ...gone, lastSeenAt: NOW - 120_000 })).toBe("lost");
});

test("[runner/watch-silence] a runner that is heard again is connected, one that is gone is not", () => {
  expect(stateAfter({ state: "suspect" })).toBe("connected");
  expect(stateAfter({ state: "suspect", online: false })).toBeNull();
});

test("[runner/watch-silence] a lost runner is lost until it is heard again", () => {
  const lost = { online: false, state: "lost" } as const;
  for (const silentMs of [0, 60_000, 119_999, 500_000])
    expect(stateAfter({ ...lost, lastSeenAt: NOW - silentMs })).toBeNull();
  expect(stateAfter({ state: "lost", online: true, lastSeenAt: NOW - 60_000 })).toBeNull();
  expect(stateAfter({ state: "lost", online: true, lastSeenAt: NOW })).toBe("connected");
});

test("[runner/watch-silence] nobody is judged while the town is observing", () => {
  expect(stateAfter({ online: false, lastSeenAt: NOW - 500_000 }, NOW + 1)).toBeNull();
  expect(stateAfter({ online: false, lastSeenAt: NOW - 500_000 }, NOW)).toBe("lost");
});

test("[runner/watch-silence] who is heard while the town is observing is connected at once", () => {
  expect(stateAfter({ state: "suspect", lastSeenAt: NOW - 1_000 }, NOW + 1)).toBe("connected");
  expect(stateAfter({ state: "suspect", lastSeenAt: NOW - 500_000 }, NOW + 1)).toBeNull();
});

test("[runner/watch-silence] whoever is not lost is looked at again in time, connected and busy or not", () => {
  const timerOf = (change: Parameters<typeof runner>[0]) => {
    const s = snapshot({ runners: [runner(change)] });
    return reconcile(s).timers.find(({ kind }) => kind === "silence")?.dueAt ?? null;
  };
  const left = { online: false, lastSeenAt: NOW - 1_000 } as const;
  expect(timerOf(left)).toBe(NOW + 59_000);
  expect(timerOf({ ...left, state: "suspect" })).toBe(NOW + 119_000);
  expect(timerOf({ ...left, state: "lost" })).toBeNull();
});
