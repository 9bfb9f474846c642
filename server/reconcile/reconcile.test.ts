import { expect, test } from "bun:test";
import fc from "fast-check";
import { reviewStateSchema } from "../../protocol/index.ts";
import {
  actionsOf,
  blocker,
  comparable,
  issue,
  NOW,
  review,
  rig,
  run,
  runner,
  snapshot,
  turn,
} from "../../tests/support/snapshot.ts";
import { POLICY } from "../model/policy.ts";
import { reconcile } from "./reconcile.ts";
import type { IssueView, RunView, Snapshot } from "./snapshot.ts";

const COUNT = 6;
const index = fc.integer({ min: 1, max: COUNT });
const rigs = fc.tuple(
  fc.record({
    state: fc.constantFrom(
      "ready" as const,
      "ready" as const,
      "checking" as const,
      "parked" as const,
    ),
    slots: fc.integer({ min: 1, max: 3 }),
    isolationConfirmed: fc.boolean(),
  }),
  fc.record({ slots: fc.integer({ min: 1, max: 3 }) }),
);
const runners = fc.array(
  fc.record({
    online: fc.boolean(),
    leavingAt: fc.option(fc.constant(NOW)),
    away: fc.option(fc.constant({ at: NOW - 1, by: "person:owner", reason: "" })),
    state: fc.constantFrom("connected" as const, "suspect" as const, "lost" as const),
    isolation: fc.constantFrom("bwrap" as const, "user" as const, "none" as const),
    slots: fc.integer({ min: 1, max: 3 }),
    lastSeenAt: fc.constantFrom(NOW, NOW - 70_000, NOW - 130_000),
  }),
  { maxLength: 3 },
);
const beads = fc.array(
  fc.record({
    state: fc.constantFrom("open" as const, "in_progress" as const, "in_review" as const),
    priority: fc.constantFrom("low" as const, "medium" as const, "high" as const),
    rigId: fc.constantFrom("rg_1", "rg_2"),
    workAttempts: fc.integer({ min: 0, max: 6 }),
    backOffUntil: fc.constantFrom(null, NOW - 1, NOW + 1_000),
    review: fc.option(fc.constantFrom(...reviewStateSchema.options)),
    blockedBy: fc.option(fc.constantFrom("closed" as const, "open" as const, "failed" as const)),
  }),
  { minLength: COUNT, maxLength: COUNT },
);
const runsOf = fc.uniqueArray(
  fc.record({
    bead: index,
    kind: fc.constantFrom("work" as const, "check" as const, "review" as const),
    state: fc.constantFrom("offered" as const, "running" as const, "ended" as const),
    runner: fc.integer({ min: 1, max: 3 }),
    stopped: fc.boolean(),
  }),
  { maxLength: 4, selector: (each) => each.bead },
);
const world = fc
  .record({
    rigs,
    runners,
    beads,
    runs: runsOf,
    model: fc.boolean(),
    observing: fc.boolean(),
    turn: fc.boolean(),
  })
  .map((made): Snapshot => {
    const issues: IssueView[] = made.beads.map(({ review: state, blockedBy, ...each }, i) =>
      issue({
        ...each,
        id: `bd_${i + 1}`,
        reviewId: state ? `mr_${i + 1}` : null,
        blockers: blockedBy
          ? [blocker({ status: blockedBy, outcome: blockedBy === "closed" ? "landed" : null })]
          : [],
      }),
    );
    const runs: RunView[] = made.runs.map((each, i) =>
      run({
        id: `rn_${i + 1}`,
        kind: each.kind,
        state: each.state,
        outcome: each.state === "ended" ? "lost" : null,
        beadId: `bd_${each.bead}`,
        reviewId: each.kind === "work" ? null : `mr_${each.bead}`,
        resource: `bead:bd_${each.bead}`,
        rigId: issues[each.bead - 1]?.rigId ?? "rg_1",
        runnerId: `ru_${each.runner}`,
        stopOrderedAt: each.stopped ? NOW - 1 : null,
      }),
    );
    return snapshot({
      rigs: [rig(made.rigs[0]), rig({ id: "rg_2", name: "other", ...made.rigs[1] })],
      runners: made.runners.map((each, i) => runner({ id: `ru_${i + 1}`, ...each })),
      issues,
      reviews: made.beads.flatMap(({ review: state, rigId }, i) =>
        state && state !== "merged" && state !== "withdrawn"
          ? [review({ id: `mr_${i + 1}`, subjectId: `bd_${i + 1}`, rigId, state })]
          : [],
      ),
      runs,
      turns: made.turn ? [turn()] : [],
      modelMissing: made.model ? null : "no model is set up",
      observingUntil: made.observing ? NOW + 1_000 : null,
    });
  });

const offersOf = (s: Snapshot) =>
  actionsOf(reconcile(s).steps, "offer").map(({ request }) => request);
const isAgent = (kind: string) => kind === "work" || kind === "review";

function check(property: (s: Snapshot) => void): void {
  fc.assert(fc.property(world, property), { numRuns: 400 });
}

test("[C12] the same snapshot gives the same plan", () => {
  check((s) => expect(comparable(reconcile(s))).toEqual(comparable(reconcile(structuredClone(s)))));
});

test("[C12] at most one step is about an entity", () => {
  check((s) => {
    const { steps, faults } = reconcile(s);
    expect(faults).toEqual([]);
    const keys = steps.map((step) => step.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

test("[C2] offers never exceed the slots of town, rig and runner, live runs included", () => {
  check((s) => {
    const live = s.runs.filter((each) => each.state !== "ended");
    const agents = [...live, ...offersOf(s)].filter(({ kind }) => isAgent(kind));
    const newOnes = offersOf(s).filter(({ kind }) => isAgent(kind));
    if (newOnes.length > 0) expect(agents.length).toBeLessThanOrEqual(POLICY.slots);
    for (const { rigId, runnerId } of newOnes) {
      const ofRig = agents.filter((each) => each.rigId === rigId).length;
      expect(ofRig).toBeLessThanOrEqual(s.rigs.find(({ id }) => id === rigId)?.slots ?? 0);
      const ofRunner = agents.filter((each) => each.runnerId === runnerId).length;
      expect(ofRunner).toBeLessThanOrEqual(s.runners.find(({ id }) => id === runnerId)?.slots ?? 0);
    }
  });
});

test("[C6] no resource is offered twice, nor while a run of it lives or waits to be settled", () => {
  check((s) => {
    const resources = [...s.runs, ...offersOf(s)].map(({ resource }) => resource);
    expect(new Set(resources).size).toBe(resources.length);
  });
});

test("[C2] nothing goes to a runner that is away, silent, leaving or not isolated for the rig", () => {
  check((s) => {
    for (const { runnerId, rigId } of offersOf(s)) {
      const to = s.runners.find(({ id }) => id === runnerId);
      expect(to).toMatchObject({ online: true, leavingAt: null, away: null, state: "connected" });
      // What its silence makes of it is decided in the same round.
      const silentMs = s.observingUntil === null ? NOW - (to?.lastSeenAt ?? 0) : 0;
      expect(silentMs).toBeLessThan(POLICY.runnerSuspectMs);
      const confirmed = s.rigs.find(({ id }) => id === rigId)?.isolationConfirmed ?? true;
      expect((to?.isolation ?? "none") !== "none" || confirmed).toBe(true);
    }
  });
});

test("[B4] no blocked, exhausted, waiting or closed bead is offered, and none of a rig that is not ready", () => {
  check((s) => {
    for (const { kind, beadId } of offersOf(s).filter((each) => each.kind === "work")) {
      const bead = s.issues.find(({ id }) => id === beadId);
      expect([kind, bead?.state]).toEqual(["work", "open"]);
      expect(bead?.blockers.every(({ status }) => status === "closed")).toBe(true);
      expect(bead?.workAttempts).toBeLessThan(POLICY.workAttemptsMax);
      expect(bead?.backOffUntil ?? 0).toBeLessThanOrEqual(NOW);
      expect(s.rigs.find(({ id }) => id === bead?.rigId)?.state).toBe("ready");
      expect(s.modelMissing).toBeNull();
    }
  });
});

test("[C12] every open bead that gets nothing says why", () => {
  check((s) => {
    const { steps } = reconcile(s);
    const decided = new Set(
      steps.flatMap((step) => [step.key, ...step.expect.map(({ id }) => id)]),
    );
    for (const bead of s.issues.filter(({ state }) => state === "open"))
      expect([bead.id, decided.has(bead.id) || bead.wait !== null]).toEqual([bead.id, true]);
  });
});

test("[C12] a rule that throws is set aside with its entity; the others decide all the same", () => {
  const broken = issue({ id: "bd_1", workAttempts: 9 });
  Object.defineProperty(broken, "title", {
    get: () => {
      throw new Error("a bug");
    },
  });
  const plan = reconcile(snapshot({ issues: [broken, issue({ id: "bd_2" })] }));
  expect(plan.faults).toMatchObject([{ rule: "bead/fail-exhausted", key: "bd_1" }]);
  expect(actionsOf(plan.steps, "offer").map(({ request }) => request.beadId)).toEqual(["bd_2"]);
});
