// A disk without room: nothing is half done, whoever asked may ask again, and the town goes on.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { CachingDatabase } from "../../../server/store/sqlite/caching-database.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { PlayedRunner, Stage } from "./stage.ts";

test("[R6] a command that finds the disk full is refused as retryable, undone whole, and taken when there is room", async () => {
  const dir = await tempDir("disk");
  await using stage = new Stage(dir, {});
  const town = new CachingDatabase(join(dir.path, "town.db"), { create: true, strict: true });
  stage.data = { town, events: new Database(":memory:") };
  await stage.open();
  const used = town.query<{ page_count: number }, []>("pragma page_count").get()?.page_count ?? 0;
  const text = "x".repeat(20_000);
  town.run(`pragma max_page_count = ${used}`);
  const codes = new Set<string>();
  for (let n = 0; n < 30; n++) {
    const ack = await stage.call("mayor.say", { text: `${n} ${text}` }, `say-${n}-key`);
    if (!ack.ok) codes.add(`${ack.error.code} ${ack.error.retryable}`);
  }
  expect([...codes]).toEqual(["busy true"]);
  town.run("pragma max_page_count = 100000");
  const again = await stage.call("mayor.say", { text: `29 ${text}` }, "say-29-key");
  expect(again.ok).toBe(true);
  const asked = town
    .query<{ count: number }, [string]>("select count(*) as count from turns where text like ?")
    .get("29 %");
  expect(asked?.count).toBe(1);
});

test("[R6] [runner/watch-silence] a runner that leaves while the disk takes nothing is silent from then on only", async () => {
  const dir = await tempDir("disk");
  await using stage = new Stage(dir, {});
  const town = new CachingDatabase(join(dir.path, "town.db"), { create: true, strict: true });
  stage.data = { town, events: new Database(":memory:") };
  await stage.open();
  const runner = new PlayedRunner(stage);
  await runner.hello();
  await stage.pass(121_000);
  await stage.core.heartbeat(runner.id, {
    connection: runner.connection,
    lastOfferSeq: 0,
    runs: [],
  });
  town.run("pragma query_only = 1");
  stage.core.runnerGone(runner.id, runner.connection);
  expect(await stage.codeOf("mayor.say", { text: "hello" })).toBe("busy");
  town.run("pragma query_only = 0");
  const seen = async () => {
    await stage.tick();
    return (await stage.do("town.status", {})).runners.map(({ state }) => state);
  };
  expect(await seen()).toEqual(["connected"]);
  await stage.pass(60_000);
  expect(await seen()).toEqual(["suspect"]);
});
