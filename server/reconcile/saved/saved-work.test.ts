import { expect, test } from "bun:test";
import {
  actionsOf,
  HEAD,
  held,
  issue,
  NOW,
  rig,
  runner,
  snapshot,
  stepsOf,
} from "../../../tests/support/snapshot.ts";
import { POLICY } from "../../model/policy.ts";
import { reconcile } from "../reconcile.ts";
import type { IssueSaved, Snapshot } from "../snapshot.ts";

const OLDER = "c".repeat(40);
const MINUTE = 60_000;

function saved(change: Partial<IssueSaved> = {}): IssueSaved {
  const place = { ref: "refs/gastown/wip/bd_1/rn_1", oid: HEAD, baseOid: null };
  return { ...place, remoteOid: null, runnerId: "ru_2", lines: 12, ...change };
}

/** What becomes of a bead whose work is on `ru_2`; `ru_1` has more room. */
function decide(
  work: IssueSaved,
  keeper: Parameters<typeof runner>[0],
  more: Partial<Snapshot> = {},
) {
  const runners = [
    runner({ slots: 9 }),
    ...(keeper === undefined ? [] : [runner({ id: "ru_2", name: "far", slots: 2, ...keeper })]),
  ];
  const plan = reconcile(snapshot({ issues: [issue({ saved: work })], runners, ...more }));
  const steps = stepsOf(plan, "town/allocate");
  const [offer] = actionsOf(steps, "offer");
  const given = { runId: "rn_9", fence: { epoch: 1, n: 1 }, attempt: 2 };
  const spec = offer?.request.spec({ ...given, agent: { id: "ag_1", name: "A" } });
  return {
    on: offer?.request.runnerId ?? null,
    from: spec?.kind === "work" ? spec.savedWork : null,
    wait: actionsOf(steps, "wait").flatMap(({ wait }) => wait ?? [])[0] ?? null,
    told: actionsOf(steps, "escalate")[0]?.body ?? null,
    timers: plan.timers.filter(({ kind }) => kind === "saved_work"),
  };
}

test("[C20] [C7] work that the rig's repository has goes on wherever there is room", () => {
  const done = decide(saved({ remoteOid: HEAD }), {});
  expect(done).toMatchObject({ on: "ru_1", from: { oid: HEAD, onRemote: true }, told: null });
});

test("[C20] [C7] work that one runner alone has goes on there, though another has more room", () => {
  expect(decide(saved(), {})).toMatchObject({ on: "ru_2", from: { oid: HEAD, onRemote: false } });
  const full = [held({ runnerId: "ru_2", count: 2 })];
  const { on, wait } = decide(saved(), {}, { held: full });
  expect(on).toBeNull();
  expect(wait?.text).toBe("waits for a free slot on runner far, which alone has 12 lines of it");
});

test("[C20] [C19] where the runner that alone has its work lacks the program of polecats, a bead says so and does not wait for a slot", () => {
  const { on, wait } = decide(saved(), { programs: ["opencode"] });
  expect([on, wait?.untilAt]).toEqual([null, null]);
  expect(wait?.text).toStartWith(
    "waits for runner far, which alone has 12 lines of it, and has no kilo: install it there",
  );
  expect(decide(saved({ remoteOid: HEAD }), { programs: ["opencode"] })).toMatchObject({
    on: "ru_1",
  });
});

test("[C20] [C22] where the runner that alone has its work lacks git-lfs, and the rig wants contents, a bead says so", () => {
  const { on, wait } = decide(saved(), { lfs: false }, { rigs: [rig({ lfs: "fetched" })] });
  expect([on, wait?.untilAt]).toEqual([null, null]);
  expect(wait?.text).toBe(
    "waits for runner far, which alone has 12 lines of it, and has no git-lfs: install it there and start that runner again, or let the rig's trees have pointers",
  );
  expect(decide(saved(), { lfs: false })).toMatchObject({ on: "ru_2", wait: null });
});

test("[C20] [C7] a bead waits for the runner that alone has its work, says so, and has a timer", () => {
  const lastSeenAt = NOW - MINUTE;
  const untilAt = lastSeenAt + POLICY.savedWorkPatienceMs;
  for (const keeper of [
    { online: false, lastSeenAt },
    { state: "suspect" as const, lastSeenAt },
    { leavingAt: NOW, lastSeenAt },
  ]) {
    const { on, wait, timers } = decide(saved(), keeper);
    expect({ on, untilAt: wait?.untilAt }).toEqual({ on: null, untilAt });
    expect(wait?.text).toBe("waits for runner far, which alone has 12 lines of it");
    expect(timers).toEqual([{ subject: "bd_1", kind: "saved_work", dueAt: untilAt }]);
  }
});

test("[C20] [C7] after that it begins from the newest that can be reached, and a person is told what is left behind", () => {
  const gone = {
    online: false,
    state: "lost" as const,
    lastSeenAt: NOW - POLICY.savedWorkPatienceMs,
  };
  const older = decide(saved({ remoteOid: OLDER }), gone);
  expect(older).toMatchObject({ on: "ru_1", from: { oid: OLDER, onRemote: true } });
  expect(older.told).toContain(`12 lines, commit ${HEAD}) is on runner far alone`);
  const base = decide(saved(), gone);
  expect(base).toMatchObject({ on: "ru_1", from: null });
  expect(base.told).toContain("from its base");
});

test("[C20] [C7] nobody waits for a runner that is not known, or that is there and may not work for the rig", () => {
  expect(decide(saved(), undefined)).toMatchObject({ on: "ru_1", from: null });
  const open = { isolation: "none" as const };
  expect(decide(saved(), open)).toMatchObject({ on: "ru_1", from: null });
  const confirmed = [rig({ isolationConfirmed: true })];
  expect(decide(saved(), open, { rigs: confirmed })).toMatchObject({ on: "ru_2" });
});

test("[C20] [C7] work of a runner that may not go on with it is waited for as long as a copy may come, then left behind in words", () => {
  const grantedAt = NOW - MINUTE;
  const untilAt = grantedAt + POLICY.savedWorkPatienceMs;
  const text = "waits for runner far, which alone has 12 lines of it, and may not go on with it";
  const rigs = [rig({ labels: ["gpu"] })];
  const labelled = runner({ slots: 9, labels: ["gpu"] });
  const far = runner({ id: "ru_2", name: "far", grantedAt });
  const wished = { rigs, runners: [labelled, far] };
  expect(decide(saved(), undefined, wished)).toMatchObject({
    on: null,
    wait: { text, untilAt },
    timers: [{ subject: "bd_1", dueAt: untilAt }],
  });
  const since = { ...wished, rigs: [rig({ labels: ["gpu"], labelsAt: NOW })] };
  expect(decide(saved(), undefined, since)).toMatchObject({
    wait: { untilAt: NOW + POLICY.savedWorkPatienceMs },
  });
  expect(decide(saved({ remoteOid: HEAD }), undefined, wished)).toMatchObject({ on: "ru_1" });
  const long = { ...far, grantedAt: NOW - POLICY.savedWorkPatienceMs };
  const over = decide(saved(), undefined, { rigs, runners: [labelled, long] });
  expect(over).toMatchObject({ on: "ru_1", from: null });
  expect(over.told).toContain("that runner may not work on it any more");
});

test("[C20] while the town observes nothing is left behind: its runners may still come", () => {
  const observingUntil = NOW + MINUTE;
  const long = { online: false, lastSeenAt: NOW - 2 * POLICY.savedWorkPatienceMs };
  expect(decide(saved(), long, { observingUntil })).toMatchObject({
    on: null,
    wait: { untilAt: observingUntil },
  });
});

test("[C20] what has no runner, as a branch of a convoy, is offered anywhere", () => {
  expect(decide(saved({ runnerId: null }), {})).toMatchObject({ on: "ru_1", from: { oid: HEAD } });
});
