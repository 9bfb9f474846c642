import { expect, test } from "bun:test";
import { actionsOf, run, snapshot, stepsOf, turn } from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const settled = (ended: Parameters<typeof run>[0], open: Parameters<typeof turn>[0]) => {
  const session = run({
    kind: "session",
    state: "ended",
    beadId: null,
    sessionId: "se_1",
    resource: "session:se_1",
    ...ended,
  });
  const turns = [turn({ state: "running", runId: "rn_1", ...open })];
  return stepsOf(reconcile(snapshot({ runs: [session], turns })), "session/settle-run");
};

test("[session/settle-run] [B1] a turn cut short is executed again by a fresh Mayor, and says why", () => {
  const reason = { code: "runner_lost", message: "the runner fell silent", source: "town" };
  const steps = settled({ outcome: "lost", reason }, { tries: 2 });
  expect(actionsOf(steps, "turn_again")[0]).toMatchObject({ turnId: "tn_1", counted: true });
  expect(actionsOf(steps, "turn_again")[0]?.text).toContain("the runner fell silent");
});

test("[session/settle-run] [B1] after three tries, or a stop by a person, it fails with the reason", () => {
  expect(actionsOf(settled({ outcome: "crashed" }, { tries: 3 }), "fail_turn")).toHaveLength(1);
  const stopped = settled({ outcome: "stopped_by_person" }, { tries: 1 });
  expect(actionsOf(stopped, "fail_turn")).toHaveLength(1);
});

test("[session/settle-run] a runner that was leaving costs no try", () => {
  const reason = { code: "draining", message: "stopping", source: "runner" };
  const steps = settled({ outcome: "rejected", reason }, { tries: 3 });
  expect(actionsOf(steps, "turn_again")[0]?.counted).toBe(false);
});
