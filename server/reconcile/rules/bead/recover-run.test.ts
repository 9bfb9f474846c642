import { expect, test } from "bun:test";
import { outcomeSchema } from "../../../../protocol/index.ts";
import { countsAs } from "../../../model/outcomes.ts";
import { POLICY } from "../../../model/policy.ts";
import {
  actionsOf,
  issue,
  NOW,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "bead/recover-run";
const recovered = (change: Parameters<typeof run>[0], bead: Parameters<typeof issue>[0] = {}) => {
  const runs = [run({ state: "ended", ...change })];
  const issues = [issue({ state: "in_progress", ...bead })];
  return stepsOf(reconcile(snapshot({ runs, issues })), RULE);
};

test.each(outcomeSchema.options)(
  "[bead/recover-run] [C4] a run that ended as %s without verified work sends its bead back",
  (outcome) => {
    for (const progressed of [false, true]) {
      const steps = recovered({ outcome, progressed });
      const kind = countsAs(outcome, progressed, null);
      expect(steps).toHaveLength(1);
      expect(actionsOf(steps, "settle_run")).toHaveLength(1);
      expect(actionsOf(steps, "move_issue")[0]?.event).toBe("run_lost");
      const count = actionsOf(steps, "count_run")[0];
      expect(count?.as).toBe(kind === "success" ? "work_attempt" : kind);
      if (kind !== "nothing") expect(count?.backOffUntil).toBeGreaterThan(NOW);
    }
  },
);

test.each([
  ["no_result", true],
  ["crashed", true],
  ["rejected", true],
  ["stopped_by_person", false],
  ["throttled", false],
  ["quota", false],
] as const)(
  "[bead/recover-run] [C24] a run that ended as %s counts towards the runs of its bead: %p",
  (outcome, spent) => {
    expect(actionsOf(recovered({ outcome }), "count_run")[0]?.spent).toBe(spent);
  },
);

test("[bead/recover-run] a lost run counts towards the runs of its bead once it was up", () => {
  const spent = (startedAt: number | null) =>
    actionsOf(recovered({ outcome: "lost", startedAt }), "count_run")[0]?.spent;
  expect([spent(null), spent(NOW)]).toEqual([false, true]);
});

test("[bead/recover-run] work that nobody may push parks its bead and tells a person, at no cost", () => {
  const reason = { code: "push_refused", message: "a hook said no", source: "runner" };
  const steps = recovered({ outcome: "lost", reason });
  expect(actionsOf(steps, "park_issue")).toEqual([{ do: "park_issue", beadId: "bd_1", reason }]);
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
  expect(actionsOf(steps, "count_run")[0]).toMatchObject({ as: "person", spent: false });
});

test("[bead/recover-run] a repository that lets nobody in parks its rig, not bead after bead", () => {
  const reason = { code: "repository_auth", message: "no access", source: "runner" };
  const steps = recovered({ outcome: "rejected", reason });
  expect(actionsOf(steps, "park_rig")).toMatchObject([{ rigId: "rg_1", reason }]);
  expect(actionsOf(steps, "park_issue")).toEqual([]);
  expect(actionsOf(steps, "count_run")[0]?.as).toBe("person");
});

test("[bead/recover-run] infrastructure that fails a bead for hours is a person's matter in the end", () => {
  const { infraPatienceMs } = POLICY;
  const parked = (since: number) =>
    actionsOf(
      recovered({ outcome: "lost" }, { infraSince: since, infraFailures: 90 }),
      "park_issue",
    );
  expect(parked(NOW - infraPatienceMs + 1)).toEqual([]);
  expect(parked(NOW - infraPatienceMs)[0]?.reason.code).toBe("infrastructure");
});

test("[bead/recover-run] [SC-RECOVER-7] the wait doubles with the failures of its own kind", () => {
  const waitMs = (startFailures: number) => {
    const steps = recovered({ outcome: "rejected" }, { startFailures, workAttempts: 4 });
    return (actionsOf(steps, "count_run")[0]?.backOffUntil ?? 0) - NOW;
  };
  expect(waitMs(0)).toBeLessThanOrEqual(1_000);
  expect(waitMs(3)).toBeGreaterThanOrEqual(6_400);
});

test("[bead/recover-run] a refusal by a full or leaving runner is no failed start", () => {
  for (const code of ["no_capacity", "draining", "stopped", "stale_fence", "base_behind"]) {
    const reason = { code, message: "refused", source: "runner" };
    const steps = recovered({ outcome: "rejected", reason });
    expect([code, actionsOf(steps, "count_run")[0]?.as]).toEqual([code, "infra"]);
  }
});
