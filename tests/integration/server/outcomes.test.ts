// Each row of the outcome table, before and after progress, through the town: what the end of a run costs its bead.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { outcomeSchema, type Offer } from "../../../protocol/index.ts";
import { tableAfter } from "../../support/markdown-table.ts";
import { exit, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

const spec = await Bun.file(join(import.meta.dir, "../../../docs/spec.md")).text();
let stage: Stage;
let runner: PlayedRunner;
let rig: string;
beforeEach(async () => {
  stage = await openStage({ backOffBaseMs: 60_000 });
  runner = new PlayedRunner(stage);
  await runner.hello();
  rig = await stage.readyRig(runner);
});
afterEach(() => stage[Symbol.asyncDispose]());

const cases = tableAfter(spec, "An answer that cannot be given").flatMap((row) =>
  (["before progress", "after progress"] as const).map((when) => {
    const outcome = outcomeSchema.parse(row["outcome"]);
    return [outcome, when, row[when] ?? ""] as const;
  }),
);

/** What a bead's run has cost it. `patience`: the time of infrastructure has begun to be counted. */
async function costOf(id: string) {
  const { status, workAttempts, startFailures, outcome, failure } = await stage.issue(id);
  const db = new Database(stage.databaseFile, { readonly: true });
  const row = db
    .query<{ infra_since: number | null }, [string]>(
      "select infra_since from issues where bead_id = ?",
    )
    .get(id);
  db.close();
  const patience = row?.infra_since !== null;
  return { status, workAttempts, startFailures, patience, outcome, failure };
}

const FREE = { workAttempts: 0, startFailures: 0, patience: false, outcome: null, failure: null };
const COSTS: Record<string, object> = {
  success: { ...FREE, status: "in_review" },
  work_attempt: { ...FREE, status: "open", workAttempts: 1 },
  start_failure: { ...FREE, status: "open", startFailures: 1 },
  infra: { ...FREE, status: "open", patience: true },
  nothing: { ...FREE, status: "open" },
};

test.each(cases)("[C4] [SC-RECOVER-6] %s, %s, counts as %s", async (outcome, when, counts) => {
  const { id } = await stage.do("bead.sling", { rig, title: "Sort" });
  const offer: Offer = await stage.offered("work");
  if (when === "after progress")
    await runner.tell(offer.spec, { kind: "started" }, { kind: "progress", what: "tree" });
  if (outcome === "done") await runner.tell(offer.spec, workDone, exit("done"));
  else await runner.tell(offer.spec, exit(outcome, "some_reason"));
  expect(COSTS).toHaveProperty(counts);
  expect(await costOf(id)).toEqual(COSTS[counts] as Awaited<ReturnType<typeof costOf>>);
  const run = await stage.do("run.get", { run: offer.spec.runId });
  expect(run).toMatchObject({ state: "ended", outcome });
  const { wait } = await stage.issue(id);
  // Whatever it was, the bead is not tried again at once: it is in review, backs off, or its provider is left alone.
  expect(counts === "success" ? null : wait?.untilAt).toEqual(
    counts === "success" ? null : expect.any(Number),
  );
  const { events } = await stage.bead(id);
  const rule = counts === "success" ? "bead/submit-for-review" : "bead/recover-run";
  expect(events.map((event) => event.rule)).toContain(rule);
});
