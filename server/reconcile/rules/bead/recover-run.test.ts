import { expect, test } from "bun:test";
import { outcomeSchema } from "../../../../protocol/index.ts";
import { countsAs } from "../../../model/outcomes.ts";
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
      expect(count?.as).toBe(kind === "success" ? "nothing" : kind);
      expect(count?.backOffUntil).toBeGreaterThan(NOW);
    }
  },
);

test("[bead/recover-run] the wait doubles with the failures of its own kind", () => {
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
