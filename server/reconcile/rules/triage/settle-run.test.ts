import { expect, test } from "bun:test";
import {
  actionsOf,
  NOW,
  run,
  snapshot,
  stepsOf,
  triage,
} from "../../../../tests/support/snapshot.ts";
import { POLICY } from "../../../model/policy.ts";
import { reconcile } from "../../reconcile.ts";

const policy = { ...POLICY, triage: 1 };
const ended = (
  change: Parameters<typeof run>[0],
  failures = 0,
  requests = [triage({ runId: "rn_1" })],
) =>
  stepsOf(
    reconcile(
      snapshot({
        policy,
        triages: requests,
        triageRest: { failures, untilAt: null },
        runs: [
          run({
            ...{ kind: "triage", state: "ended", resource: "triage:town" },
            ...{ beadId: null, rigId: null, ...change },
          }),
        ],
      }),
    ),
    "triage/settle-run",
  );
const untilAt = (failures: number) =>
  actionsOf(ended({ outcome: "crashed" }, failures), "rest_triage")[0]?.untilAt;

test("[triage/settle-run] [C5] what a run leaves undecided costs it a try, and triage rests longer each time", () => {
  const steps = ended({ outcome: "no_result" });
  expect(actionsOf(steps, "release_triage")).toMatchObject([{ requestId: "tr_1", counted: true }]);
  expect([0, 1, 2, 6, 60].map((failures) => (untilAt(failures) ?? 0) - NOW)).toEqual([
    60_000, 120_000, 240_000, 3_600_000, 3_600_000,
  ]);
});

test("[triage/settle-run] [C5] its end is told to no breaker, no bead and nobody", () => {
  const kinds = ended({ outcome: "crashed" }).flatMap(({ actions }) =>
    actions.map((each) => each.do),
  );
  expect(kinds).toEqual(["settle_run", "release_triage", "rest_triage"]);
});

test.each([
  ["throttled", null],
  ["quota", null],
  ["rejected", "draining"],
  ["rejected", "no_capacity"],
  ["rejected", "model_auth"],
  ["stopped_by_person", null],
  ["stopped_by_town", "budget"],
] as const)("[triage/settle-run] %s (%s) is no try, but triage rests", (outcome, code) => {
  const reason = code === null ? null : { code, message: "", source: "runner" };
  const steps = ended({ outcome, reason });
  expect(actionsOf(steps, "release_triage")).toMatchObject([{ counted: false }]);
  expect(actionsOf(steps, "rest_triage")).toMatchObject([{ failures: 1 }]);
});

test("[triage/settle-run] a run that decided all there was begins anew; one that decided nothing says nothing", () => {
  const done = ended({ outcome: "done", progressed: true }, 3, []);
  expect(actionsOf(done, "rest_triage")).toEqual([
    { do: "rest_triage", failures: 0, untilAt: null },
  ]);
  expect(actionsOf(ended({ outcome: "stopped_by_town" }, 3, []), "rest_triage")).toEqual([]);
  expect(actionsOf(ended({ outcome: "done", progressed: true }, 0, []), "rest_triage")).toEqual([]);
});
