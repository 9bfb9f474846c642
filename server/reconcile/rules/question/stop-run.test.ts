import { expect, test } from "bun:test";
import {
  actionsOf,
  asked,
  issue,
  NOW,
  question,
  run,
  snapshot,
  stepsOf,
} from "../../../../tests/support/snapshot.ts";
import { reconcile } from "../../reconcile.ts";

const working = issue({ state: "in_progress", runId: "rn_1" });
const stopped = (
  questions: Parameters<typeof question>[0],
  change: Parameters<typeof run>[0] = {},
) =>
  actionsOf(
    stepsOf(
      reconcile(
        snapshot({ questions: [question(questions)], runs: [run(change)], issues: [working] }),
      ),
      "question/stop-run",
    ),
    "order_stop",
  );

test("[question/stop-run] a run that can only wait is stopped, once", () => {
  expect(stopped({ blocking: true })).toMatchObject([{ runId: "rn_1" }]);
  expect(stopped({ blocking: true }, { stopOrderedAt: NOW })).toEqual([]);
  expect(stopped({ blocking: true, runId: "rn_9" })).toEqual([]);
  expect(stopped({ blocking: false })).toEqual([]);
});

test("[question/stop-run] the bead waits for its answer, says until when, and the stop blames nobody", () => {
  const waiting = reconcile(snapshot({ issues: [issue({ asked: [asked()] })] }));
  expect(actionsOf(waiting.steps, "offer")).toEqual([]);
  expect(actionsOf(waiting.steps, "wait")[0]?.wait).toMatchObject({ untilAt: NOW + 1_000 });
  const ended = run({ state: "ended", outcome: "stopped_by_town" });
  const counted = (asks: ReturnType<typeof asked>[]) =>
    actionsOf(
      reconcile(snapshot({ issues: [{ ...working, asked: asks }], runs: [ended] })).steps,
      "count_run",
    )[0]?.as;
  expect(counted([asked()])).toBe("nothing");
  expect(counted([])).toBe("infra");
});

test("[question/stop-run] the next run is told the answer", () => {
  const answered = asked({ state: "answered", answer: "tabs", answeredBy: "person" });
  const plan = reconcile(snapshot({ issues: [issue({ asked: [answered] })] }));
  const spec = actionsOf(plan.steps, "offer")[0]?.request.spec({
    runId: "rn_9",
    fence: { epoch: 1, n: 1 },
    attempt: 1,
    agent: { id: "ag_1", name: "Amber" },
  });
  expect(spec?.kind === "work" && spec.bead.answers).toEqual([
    { question: "Tabs or spaces?", answer: "tabs", by: "person" },
  ]);
});
