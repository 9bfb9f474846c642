import { expect, test } from "bun:test";
import { countsAs } from "../../../model/outcomes.ts";
import { actionsOf, NOW, stepsOf } from "../../../../tests/support/snapshot.ts";
import { decideStill, STILL_MS, stillRun } from "../../../../tests/support/still.ts";
import type { RunView } from "../../snapshot.ts";

const stops = (run: RunView) =>
  actionsOf(stepsOf(decideStill(run), "run/stop-still"), "order_stop");

test("[run/stop-still] [C12] an agent that was interrupted in vain is stopped, and that is a try of its bead", () => {
  expect(stops(stillRun(STILL_MS - 1, { rung: 2 }))).toEqual([]);
  const [stop] = stops(stillRun(STILL_MS, { rung: 2 }));
  expect(stop).toMatchObject({
    code: "no_progress",
    reason: "The work has not moved for 10 minutes.",
  });
  expect(countsAs("stopped_by_town", true, stop?.code ?? null)).toBe("work_attempt");
  expect(stops(stillRun(STILL_MS, { rung: 2, stopOrderedAt: NOW }))).toEqual([]);
});
