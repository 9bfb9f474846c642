import { expect, test } from "bun:test";
import type { BreakerView } from "../../../model/breaker.ts";
import { POLICY } from "../../../model/policy.ts";
import {
  actionsOf,
  breaker,
  issue,
  NOW,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const RULE = "town/watch-breaker";
const decided = (change: Partial<BreakerView>) => {
  const steps = stepsOf(reconcile(snapshot({ breaker: breaker(change) })), RULE);
  return { move: actionsOf(steps, "move_breaker")[0]?.move, steps };
};
const failures = (count: number, beads: number) =>
  Array.from({ length: count }, (_, n) => ({ beadId: `bd_${n % beads}`, at: NOW }));
const many = POLICY.breakerStartFailures;

test("[town/watch-breaker] [C3] failures to start on several beads open it with one card", () => {
  expect(decided({ recent: failures(many - 1, 3) }).move).toBeUndefined();
  const { move, steps } = decided({ recent: failures(many, 3) });
  expect(move).toMatchObject({ state: "open", untilAt: NOW + POLICY.breakerOpenMs, openings: 1 });
  expect(move?.reason?.message).toContain(`${many} runs of 3 beads`);
  expect(actionsOf(steps, "escalate")).toHaveLength(1);
});

test("[town/watch-breaker] one or two broken beads are their own matter", () => {
  expect(decided({ recent: failures(4 * many, 2) }).move).toBeUndefined();
});

test("[town/watch-breaker] spend that moves nothing opens it, priced or not", () => {
  const { breakerMicroUsd: spentMicroUsd, breakerTokens: spentTokens } = POLICY;
  expect(decided({ spentMicroUsd }).move?.reason?.code).toBe("spend_without_progress");
  expect(decided({ spentTokens }).move?.state).toBe("open");
  expect(decided({ spentMicroUsd: spentMicroUsd - 1, spentTokens: 1 }).move).toBeUndefined();
});

test("[town/watch-breaker] it goes half open by time", () => {
  const reason = { code: "start_failures", message: "8 runs", source: RULE };
  const open = { state: "open", openings: 1, reason } as const;
  expect(decided({ ...open, untilAt: NOW + 1 }).move).toBeUndefined();
  expect(decided({ ...open, untilAt: NOW }).move).toMatchObject({ state: "half_open", reason });
});

test("[town/watch-breaker] a probe that moves closes it; one that fails opens it for longer", () => {
  const half = { state: "half_open", since: NOW - 10, openings: 2 } as const;
  const reason = { code: "start_failures", message: "8 runs", source: RULE };
  expect(decided({ ...half, reason, probe: "live" }).move).toBeUndefined();
  const closed = decided({ ...half, reason, probe: "moved", recent: failures(many, 3) });
  expect(closed.move).toMatchObject({ state: "closed", reason: null });
  expect(actionsOf(closed.steps, "resolve_from")).toHaveLength(1);
  const again = decided({ ...half, reason, recent: failures(1, 1) });
  expect(again.move).toMatchObject({
    state: "open",
    openings: 3,
    untilAt: NOW + 4 * POLICY.breakerOpenMs,
  });
  expect(actionsOf(again.steps, "escalate")).toEqual([]);
});

test("[town/watch-breaker] open, no agent is started; half open, one bead that did not fail lately", () => {
  const issues = [issue({ id: "bd_0" }), issue({ id: "bd_7" }), issue({ id: "bd_8" })];
  const offered = (change: Partial<BreakerView>) => {
    const plan = reconcile(snapshot({ issues, breaker: breaker(change) }));
    return actionsOf(stepsOf(plan, "town/allocate"), "offer").map(({ request, probe }) => [
      request.beadId,
      probe,
    ]);
  };
  expect(offered({ state: "open", untilAt: NOW + 1 })).toEqual([]);
  const half = { state: "half_open", recent: [{ beadId: "bd_0", at: NOW - 20 }] } as const;
  expect(offered(half)).toEqual([["bd_7", true]]);
  expect(offered({ ...half, probe: "live" })).toEqual([]);
});
