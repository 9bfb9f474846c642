// One search for a rule's id finds its line in the specification, its file, its test, the log and the history of the bead.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { tableAfter } from "../../support/markdown-table.ts";
import { openStage, PlayedRunner } from "./stage.ts";

const root = join(import.meta.dir, "../../..");
const text = (path: string) => Bun.file(join(root, path)).text();
const rules = "server/reconcile/rules";
const ids = [...new Glob("*/*.ts").scanSync(join(root, rules))]
  .filter((path) => !path.endsWith(".test.ts"))
  .map((path) => path.replace(/\.ts$/, ""))
  .toSorted();

test.each(ids)(
  "[Done-5] %s is a row of the specification and of the table, its file's id and a title of its test",
  async (id) => {
    const named = async (page: string, mark: string) =>
      tableAfter(await text(page), mark).map((row) => (row["rule"] ?? "").replaceAll("`", ""));
    expect(await named("docs/spec.md", "## Rules")).toContain(id);
    expect(await named("server/reconcile/README.md", "| rule |")).toContain(id);
    expect(await text(`${rules}/${id}.ts`)).toContain(`"${id}"`);
    const folder = join(root, "server/reconcile");
    const tests = [...new Glob("**/*.test.ts").scanSync(folder)].map((path) =>
      Bun.file(join(folder, path)).text(),
    );
    expect((await Promise.all(tests)).some((each) => each.includes(`[${id}]`))).toBe(true);
  },
);

test("[Done-5] no row of the specification speaks of a rule without a file", async () => {
  const told = tableAfter(await text("docs/spec.md"), "## Rules").map((row) =>
    (row["rule"] ?? "").replaceAll("`", ""),
  );
  expect(told.toSorted()).toEqual(ids);
});

test("[Done-5] [bead/recover-orphaned] what recovers an orphaned bead is named so in the log and in its history", async () => {
  const id = "bead/recover-orphaned";
  await using stage = await openStage();
  const runner = new PlayedRunner(stage);
  await runner.hello();
  const rig = await stage.readyRig(runner);
  const bead = (await stage.do("bead.sling", { rig, title: "Sort" })).id;
  const work = await stage.offered("work");
  await stage.stop();
  // Whatever could lose a run: here somebody has settled it by hand.
  const db = new Database(stage.databaseFile);
  db.query("update runs set state = 'ended', outcome = 'lost', settled_at = 1 where id = ?").run(
    work.spec.runId,
  );
  db.close();
  await stage.open();
  const { events } = await stage.until(async () => {
    const found = await stage.bead(bead);
    return found.events.some(({ rule }) => rule === id) ? found : undefined;
  });
  expect(events.find(({ rule }) => rule === id)).toMatchObject({
    actor: "town",
    kind: "run_lost",
    rule: id,
  });
  expect(stage.debugs).toContainEqual({
    rule: id,
    key: bead,
    stale: false,
    message: "rule applied",
  });
  await runner.hello({ spoolSeq: runner.seq, lastOfferSeq: 99 });
  await stage.until(() => stage.port.offers.filter(({ spec }) => spec.kind === "work")[1]);
});
