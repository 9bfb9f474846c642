import { expect, test } from "bun:test";
import {
  actionsOf,
  held,
  issue,
  review,
  rig,
  runner,
  snapshot,
  stepsOf,
} from "../../tests/support/snapshot.ts";
import { explain } from "./explain.ts";
import { reconcile } from "./reconcile.ts";
import type { RigView, RunnerView, Snapshot } from "./snapshot.ts";

const RULE = "town/allocate";

function decide(runners: readonly RunnerView[], more: Partial<Snapshot> = {}) {
  const plan = reconcile(snapshot({ issues: [issue()], runners: [...runners], ...more }));
  const steps = stepsOf(plan, RULE);
  return {
    on: actionsOf(steps, "offer").map(({ request }) => `${request.kind} ${request.runnerId}`),
    says: actionsOf(steps, "wait").flatMap(({ wait }) => wait?.text ?? []),
  };
}
const far = (change: Partial<RunnerView>) => runner({ id: "ru_2", name: "far", ...change });
const host = (load1: number) => ({
  ...{ cores: 2, load1, memoryBytes: 8e9, memoryFreeBytes: 4e9, diskFreeBytes: 9e9 },
  refuses: null,
});

test("[town/allocate] [C7] agents, gates and baselines need no right of their runner", () => {
  expect(decide([runner({ rights: [] })]).on).toEqual(["work ru_1"]);
  const checking = { issues: [], rigs: [rig({ state: "checking" })] };
  expect(decide([runner({ rights: [] })], checking).on).toEqual(["baseline ru_1"]);
});

test("[town/allocate] [C7] a landing goes only to a runner that may merge", () => {
  const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
  const bare = { issues, reviews: [review({ state: "approved" })] };
  expect(decide([runner({ rights: ["model"] }), far({ rights: ["merge"] })], bare).on).toEqual([
    "merge ru_2",
  ]);
  expect(decide([runner({ rights: ["model"] })], bare)).toEqual({
    on: [],
    says: ["no connected runner may land work: give one the right merge"],
  });
});

test("[town/allocate] [C7] a rig that wants labels gets runners with all of them, and says which none has", () => {
  const of = (...labels: string[]): { rigs: RigView[] } => ({ rigs: [rig({ labels })] });
  const runners = [runner({ slots: 9, labels: ["gpu"] }), far({ labels: ["arm", "gpu"] })];
  expect(decide(runners, of("gpu")).on).toEqual(["work ru_1"]);
  expect(decide(runners, of("gpu", "arm")).on).toEqual(["work ru_2"]);
  expect(decide(runners, of("tpu", "gpu")).says).toEqual([
    "no connected runner has the label tpu, as rig sample wants: label a runner, or change the rig",
  ]);
  const apart = [runner({ labels: ["gpu"] }), far({ labels: ["arm"] })];
  expect(decide(apart, of("gpu", "arm")).says).toEqual([
    "no connected runner has all the labels gpu, arm, as rig sample wants: label a runner, or change the rig",
  ]);
});

test("[town/allocate] [C7] of equal runners the one that has the repository is asked, and one slot more does not outweigh it", () => {
  const warm = far({ slots: 3, warmRigs: ["rg_1"] });
  expect(decide([runner({ slots: 3 }), warm]).on).toEqual(["work ru_2"]);
  expect(decide([runner({ slots: 4 }), warm]).on).toEqual(["work ru_2"]);
  expect(decide([runner({ slots: 5 }), warm]).on).toEqual(["work ru_1"]);
});

test("[town/allocate] [C21] a runner gets no more agents than its memory bears, those at work included, and explain says so", () => {
  const bears = (agentSlots: number) => ({ ...host(1), agentSlots, agentBytes: 640 * 1024 ** 2 });
  const issues = [1, 2, 3].map((n) => issue({ id: `bd_${n}` }));
  const on = (agentSlots: number, more: Partial<Snapshot> = {}) =>
    decide([runner({ slots: 8, host: bears(agentSlots) })], { issues, ...more }).on.length;
  expect(on(2)).toBe(2);
  expect(on(9)).toBe(3);
  expect(on(2, { held: [held({ count: 1 })] })).toBe(1);
  const full = snapshot({
    issues,
    held: [held({ count: 2 })],
    runners: [runner({ host: bears(2) })],
  });
  expect(explain(full, "bd_1")?.reasons.map(({ text }) => text)).toEqual([
    "every runner is busy; runner local has memory for 2 agents of 640 MB, not 4",
  ]);
});

test("[town/allocate] [C7] a runner whose cores are busy counts as having less room", () => {
  expect(
    decide([runner({ slots: 4, host: host(6) }), far({ slots: 3, host: host(1) })]).on,
  ).toEqual(["work ru_2"]);
  expect(
    decide([runner({ slots: 4, host: host(2) }), far({ slots: 3, host: host(1) })]).on,
  ).toEqual(["work ru_1"]);
});
