// The instruments of the benches against a real town: if the protocol moves, they must move with it.
import { beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { finish, Fleet, type TakenWork, until } from "../../../scripts/bench/load/fleet.ts";
import { serveTown } from "../../../scripts/bench/load/served-town.ts";
import { TalkingTown } from "../../../scripts/bench/load/talking-town.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { repositoryRoot as root } from "../../support/town-process.ts";

// The wrapper builds the program that is served.
beforeAll(async () => {
  const built = Bun.spawn([join(root, "gastown"), "--version"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await built.exited).toBe(0);
});

test("[BENCH-fleet] a played runner is offered what is slung, and what it ends is closed", async () => {
  await using dir = await tempDir("fleet");
  await using town = await serveTown({ root, dataDir: join(dir.path, "data") });
  using fleet = await Fleet.open(town, 1);
  const taken: TakenWork[] = [];
  fleet.onWork = (work) => taken.push(work);
  fleet.sling(0, "Played one");
  fleet.sling(1, "Played two");
  await until("two runs", () => taken.length === 2);
  expect(taken.map(({ spec }) => spec.bead.title).toSorted()).toEqual(["Played one", "Played two"]);
  for (const work of taken) finish(work);
  const closed = () => fleet.call("bead.list", { status: "closed" });
  while ((await closed()).length < 2) await fleet.rest();
  expect((await closed()).map((bead) => bead.outcome)).toEqual(["nothing_to_do", "nothing_to_do"]);
  expect(fleet.failure).toBeNull();
});

test("[BENCH-fleet] what agents say is all stored, and every viewer comes to its end", async () => {
  await using dir = await tempDir("fleet");
  await using town = await serveTown({ root, dataDir: join(dir.path, "data") });
  using talking = await TalkingTown.open(town, { agents: 3, viewers: 6, runners: 1 });
  const heard = await talking.talk(300);
  expect(heard.events).toBeGreaterThan(0);
  expect(heard.delays.length).toBeGreaterThanOrEqual(6);
  expect(await storedEvents(talking.fleet)).toBe(heard.events);
});

/** Counts what `run.events` gives of all runs, page by page. */
async function storedEvents(fleet: Fleet): Promise<number> {
  let count = 0;
  for (const agent of await fleet.call("agent.list", {})) {
    if (agent.runId === null) continue;
    for (let since = 0; ;) {
      const page = await fleet.call("run.events", { run: agent.runId, since, limit: 2_000 });
      count += page.length;
      if (page.length === 0) break;
      since = page.at(-1)?.seq ?? since;
    }
  }
  return count;
}
