import { expect, test } from "bun:test";
import {
  actionsOf,
  blocker,
  breaker,
  issue,
  NOW,
  review,
  rig,
  run,
  runner,
  snapshot,
  stepsOf,
  turn,
} from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";
import type { Snapshot } from "../../snapshot.ts";

const RULE = "town/allocate";
type Change = Partial<Snapshot>;
const offers = (change: Change) =>
  actionsOf(stepsOf(reconcile(snapshot(change)), RULE), "offer").map(({ request }) => request);
const offered = (change: Change) => offers(change).map(({ kind, beadId }) => `${kind} ${beadId}`);
/** Why the one bead of the snapshot waits, or null when it is offered. */
const waitOf = (change: Change) =>
  actionsOf(stepsOf(reconcile(snapshot({ issues: [issue()], ...change })), RULE), "wait")[0]
    ?.wait ?? null;
const beads = (count: number, change: Parameters<typeof issue>[0] = {}) =>
  Array.from({ length: count }, (_, i) => issue({ id: `bd_${i + 1}`, ...change }));

test("[town/allocate] a ready bead is offered to a polecat on the free runner", () => {
  expect(offers({ issues: [issue()] })).toMatchObject([
    { kind: "work", resource: "bead:bd_1", runnerId: "ru_1", role: "polecat", round: 1 },
  ]);
});

test("[town/allocate] priority goes before age", () => {
  const issues = [
    issue({ id: "bd_1", priority: "low" }),
    issue({ id: "bd_2" }),
    issue({ id: "bd_3", priority: "critical" }),
    issue({ id: "bd_4" }),
  ];
  const runners = [runner({ slots: 3 })];
  expect(offered({ issues, runners })).toEqual(["work bd_3", "work bd_2", "work bd_4"]);
});

test("[town/allocate] slots of town, rig and runner bound the agents, and the rest is told why", () => {
  const issues = beads(6);
  expect(offers({ issues, runners: [runner({ slots: 9 })] })).toHaveLength(POLICY.slots);
  expect(offers({ issues, runners: [runner({ slots: 2 })] })).toHaveLength(2);
  expect(offers({ issues, rigs: [rig({ slots: 1 })] })).toHaveLength(1);
  const two = [runner({ slots: 1 }), runner({ id: "ru_2", slots: 2 })];
  const taken = offers({ issues, runners: two }).map(({ runnerId }) => runnerId);
  expect(taken.toSorted()).toEqual(["ru_1", "ru_2", "ru_2"]);
  const plan = reconcile(snapshot({ issues, rigs: [rig({ slots: 1 })] }));
  const waits = actionsOf(stepsOf(plan, RULE), "wait").map(({ wait }) => wait?.text);
  expect(waits.filter((text) => text === "waits for a free slot")).toHaveLength(5);
});

test("[town/allocate] live runs take their slots", () => {
  const runs = [1, 2, 3].map((n) => run({ id: `rn_${n}`, resource: `bead:bd_9${n}` }));
  const live = runs.map((_, i) => issue({ id: `bd_9${i + 1}`, state: "in_progress" }));
  expect(offers({ issues: [...beads(4), ...live], runs })).toHaveLength(1);
});

test("[town/allocate] [B4] a bead waits until what it depends on has landed in its base", () => {
  const waits = (change: Parameters<typeof blocker>[0]) =>
    waitOf({ issues: [issue({ blockers: [blocker(change)] })] })?.text ?? null;
  expect(waits({})).toBeNull();
  expect(waits({ landedOn: "refs/heads/main" })).toBeNull();
  expect(waits({ status: "in_review", outcome: null })).toBe("waits for “Make the list” to land");
  expect(waits({ status: "failed", outcome: null })).toContain("has failed");
  expect(waits({ landedOn: "develop" })).toContain("not in this bead's base");
  expect(waits({ outcome: "nothing_to_do", landedOn: null, landedOid: null })).toBeNull();
});

test("[town/allocate] the offer names the landings that its base must hold", () => {
  const [offer] = offers({ issues: [issue({ blockers: [blocker()] })] });
  const spec = offer?.spec({
    runId: "rn_1",
    fence: { epoch: 1, n: 1 },
    attempt: 2,
    agent: { id: "ag_1", name: "Amber" },
  });
  expect(spec).toMatchObject({
    kind: "work",
    contains: [blocker().landedOid],
    bead: { attempt: 2 },
  });
});

test.each([
  ["a parked rig", { rigs: [rig({ state: "parked" })] }, "rig sample is parked: see its page"],
  [
    "a rig in its baseline",
    { rigs: [rig({ state: "checking" })] },
    "the baseline of rig sample is run first",
  ],
  [
    "a baseline without isolation",
    { rigs: [rig({ state: "checking" })], runners: [runner({ isolation: "none" })] },
    "agents are not isolated on any runner here; confirm it for rig sample or install bubblewrap",
  ],
  ["a missing model", { modelMissing: "no model is set up" }, "no model is set up"],
  ["no runner", { runners: [] }, "no runner is connected"],
  ["a suspect runner", { runners: [runner({ state: "suspect" })] }, "no runner is connected"],
  ["a runner that is gone", { runners: [runner({ online: false })] }, "no runner is connected"],
  [
    "a runner that is leaving",
    { runners: [runner({ leavingAt: NOW })] },
    "runner local is stopping and takes nothing new",
  ],
  [
    "a runner that a person has set away",
    { runners: [runner({ away: { at: NOW, by: "person:owner", reason: "" } })] },
    "runner local was set away by owner: resume it to give it work",
  ],
  ["a removed rig", { rigs: [] }, "its rig is gone; close it"],
] satisfies [string, Change, string][])(
  "[town/allocate] %s gets nothing and says so",
  (_, change, why) => {
    expect(offered(change).filter((each) => each.startsWith("work"))).toEqual([]);
    expect(waitOf(change)?.text).toBe(why);
  },
);

test("[town/allocate] [C23] a host without isolation works only for a rig whose owner confirmed it", () => {
  const runners = [runner({ isolation: "none" })];
  expect(waitOf({ runners })?.text).toContain("not isolated");
  const rigs = [rig({ isolationConfirmed: true })];
  expect(offered({ issues: [issue()], runners, rigs })).toEqual(["work bd_1"]);
  const both = [runner({ isolation: "none" }), runner({ id: "ru_2", slots: 1 })];
  expect(offers({ issues: beads(3), runners: both }).map((each) => each.runnerId)).toEqual([
    "ru_2",
  ]);
});

test("[town/allocate] [C19] a run is offered only where its role's program is, and what has no such place says what is missing", () => {
  const programs = new Map([
    ["town", { refinery: "opencode" as const }],
    ["rg_1", { polecat: "opencode" as const }],
  ]);
  const both = [runner({ slots: 9 }), runner({ id: "ru_2", programs: ["opencode"], slots: 1 })];
  expect(
    offers({ issues: beads(3), runners: both, programs }).map((each) => each.runnerId),
  ).toEqual(["ru_2"]);
  expect(waitOf({ programs })).toEqual({
    rule: RULE,
    text: "no connected runner has OpenCode, which a polecat of rig sample is to be: install it on a runner's host and start that runner again, or choose another program",
    untilAt: null,
  });
  const reviewing = {
    issues: [issue({ state: "in_review", reviewId: "mr_1" })],
    reviews: [review({ state: "reviewing" })],
  };
  expect(offers(reviewing)).toMatchObject([{ kind: "review" }]);
  expect(offers({ ...reviewing, programs })).toEqual([]);
});

test("[town/allocate] [D6] merging without gates needs a confirmation; other deliveries do not", () => {
  const bare = { gates: [], delivery: "merge" } as const;
  expect(waitOf({ rigs: [rig(bare)] })?.text).toContain("confirm merging without them");
  expect(waitOf({ rigs: [rig({ ...bare, directMergeConfirmed: true })] })).toBeNull();
  expect(waitOf({ rigs: [rig({ gates: [] })] })).toBeNull();
  const rigs = [rig({ gates: [] })];
  const own = [issue({ delivery: "merge" })];
  expect(waitOf({ rigs, issues: own })?.text).toContain("confirm merging without them");
});

test("[town/allocate] back-off holds a bead until it is over, and wakes the town then", () => {
  const issues = [issue({ backOffUntil: NOW + 5_000 })];
  expect(waitOf({ issues })).toMatchObject({ untilAt: NOW + 5_000 });
  expect(reconcile(snapshot({ issues })).timers).toContainEqual({
    subject: "bd_1",
    kind: "back_off",
    dueAt: NOW + 5_000,
  });
  expect(offered({ issues: [issue({ backOffUntil: NOW })] })).toEqual(["work bd_1"]);
});

test("[town/allocate] a wait that is said already is not said again", () => {
  const wait = { rule: RULE, text: "no runner is connected", untilAt: null };
  const queued = {
    subjectId: "bd_1",
    stage: "work",
    rigId: "rg_1",
    resource: "bead:bd_1",
    rank: 2,
    age: "bd_1",
  } as const;
  const said = (change: Parameters<typeof issue>[0]) =>
    reconcile(snapshot({ issues: [issue({ wait, ...change })], runners: [] })).steps;
  expect(said({ queued })).toEqual([]);
  expect(actionsOf(said({ queued, priority: "high" }), "wait")[0]?.ready?.rank).toBe(1);
});

test("[town/allocate] while observing, nothing is offered before a runner said hello", () => {
  const observingUntil = NOW + 60_000;
  const runners = [runner({ online: false })];
  expect(offered({ observingUntil, runners, issues: [issue()] })).toEqual([]);
  expect(waitOf({ observingUntil, runners })?.text).toBe("waits for a free slot");
  expect(offered({ observingUntil, issues: [issue()] })).toEqual(["work bd_1"]);
});

test("[town/allocate] [SC-REVIEW-2] each state of a review gets its kind of run", () => {
  const kinds = (["queued", "reviewing", "approved"] as const).map((state) => {
    const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
    return offers({ issues, reviews: [review({ state })] }).map(({ kind, resource }) => [
      kind,
      resource,
    ]);
  });
  expect(kinds).toEqual([
    [["check", "bead:bd_1"]],
    [["review", "bead:bd_1"]],
    [["merge", "lane:rg_1:main"]],
  ]);
});

test("[town/allocate] a merge without a slot says what it will say without its lane", () => {
  const issues = beads(1, { state: "in_review" }).map((each) => ({ ...each, reviewId: "mr_1" }));
  const reviews = [review({ id: "mr_1", subjectId: "bd_1", state: "approved" })];
  const held = [{ runnerId: "ru_1", kind: "check" as const, rigId: "rg_1", count: 2 }];
  const plan = reconcile(snapshot({ issues, reviews, held }));
  expect(actionsOf(plan.steps, "offer")).toEqual([]);
  expect(actionsOf(plan.steps, "wait")).toMatchObject([
    { wait: { text: "waits for the lane of its target" } },
  ]);
});

test("[town/allocate] one landing at a time per lane; what comes later says that it waits", () => {
  const issues = beads(2, { state: "in_review" }).map((each, i) => ({
    ...each,
    reviewId: `mr_${i + 1}`,
  }));
  const reviews = issues.map((each) =>
    review({ id: each.reviewId, subjectId: each.id, state: "approved" }),
  );
  const plan = reconcile(snapshot({ issues, reviews }));
  expect(actionsOf(plan.steps, "offer")).toHaveLength(1);
  const waits = actionsOf(plan.steps, "wait").filter(({ wait }) => wait !== null);
  expect(waits).toMatchObject([{ wait: { text: "waits for the lane of its target" } }]);
});

test("[town/allocate] a parked rig stands still: its reviews wait too", () => {
  const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
  const rigs = [rig({ state: "parked" })];
  expect(offers({ issues, rigs, reviews: [review({ state: "approved" })] })).toEqual([]);
});

test("[town/allocate] reviews need a model, gates and landings do not", () => {
  const issues = [issue({ state: "in_review", reviewId: "mr_1" })];
  const modelMissing = "no model is set up";
  const count = (state: "queued" | "reviewing" | "approved") =>
    offers({ issues, modelMissing, reviews: [review({ state })] }).length;
  expect([count("queued"), count("reviewing"), count("approved")]).toEqual([1, 0, 1]);
});

test("[town/allocate] a rig in its baseline gets that run, once", () => {
  const rigs = [rig({ state: "checking" })];
  expect(offers({ rigs }).map(({ kind }) => kind)).toEqual(["baseline"]);
  const runs = [run({ kind: "baseline", beadId: null, resource: "lane:rg_1:main" })];
  expect(offers({ rigs, runs })).toEqual([]);
  expect(offers({ rigs: [rig({ state: "checking", backOffUntil: NOW + 1 })] })).toEqual([]);
});

test("[town/allocate] [B1] the Mayor does not wait for slots of agents", () => {
  const runs = [1, 2, 3, 4].map((n) => run({ id: `rn_${n}`, resource: `bead:bd_9${n}` }));
  expect(offers({ turns: [turn()], runs }).map(({ kind }) => kind)).toEqual(["session"]);
  expect(offers({ turns: [turn()], modelMissing: "no model is set up" })).toEqual([]);
});

test("[C1] [B1] a message that the Mayor cannot begin with says why, once", () => {
  const said = (change: Partial<Snapshot>) =>
    actionsOf(
      stepsOf(reconcile(snapshot({ turns: [turn()], ...change })), "town/allocate"),
      "turn_wait",
    );
  const text = (change: Partial<Snapshot>) => said(change)[0]?.wait.text;
  expect(said({})).toEqual([]);
  expect(text({ modelMissing: "no model is set up" })).toBe("no model is set up");
  expect(text({ runners: [] })).toBe("no runner is connected");
  expect(text({ runners: [runner({ programs: ["opencode"] })] })).toStartWith(
    "no connected runner has kilo, which the Mayor is to be",
  );
  const ending = [run({ id: "rn_1", kind: "session", resource: "session:se_1", state: "ended" })];
  expect(text({ runs: ending })).toBe("waits for the Mayor's last run to end");
  const wait = { rule: "town/allocate", text: "no runner is connected", untilAt: null };
  expect(said({ runners: [], turns: [turn({ wait })] })).toEqual([]);
});

test("[town/allocate] [C3] a half-open breaker is tried by what does not fail on end, before all that does; by that, where there is nothing else", () => {
  const sick = issue({ id: "bd_1", priority: "critical", startFailures: 1 });
  const still = issue({ id: "bd_2", priority: "critical", stalls: 1 });
  const well = issue({ id: "bd_3", priority: "low" });
  const half = breaker({ state: "half_open" });
  expect(offered({ issues: [sick, still, well], breaker: half })).toEqual(["work bd_3"]);
  expect(offered({ issues: [sick, still], breaker: half })).toEqual(["work bd_1"]);
  expect(offered({ issues: [sick, well] })).toEqual(["work bd_1", "work bd_3"]);
});
