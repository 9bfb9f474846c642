// Who commits are by, and which a bead has.
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { CommandInput, Offer, RunSpec } from "../../../protocol/index.ts";
import { HEAD, openStage, PlayedRunner, workDone, type Stage } from "./stage.ts";

let stage: Stage;
let runner: PlayedRunner;
beforeEach(async () => {
  stage = await openStage();
  runner = new PlayedRunner(stage);
  await runner.hello();
});
afterEach(() => stage[Symbol.asyncDispose]());

/** The n-th offer of the kind for the bead, from 0, once it is there. */
function nth<K extends RunSpec["kind"]>(kind: K, bead: string, n = 0) {
  const isOf = (offer: Offer): offer is Offer & { spec: Extract<RunSpec, { kind: K }> } =>
    offer.spec.kind === kind && "bead" in offer.spec && offer.spec.bead.id === bead;
  return stage.until(() => stage.port.offers.filter(isOf)[n]);
}
const nothingToDo = { ...workDone, noChangesReason: "it is there already" };

test("[C15] commits are by the rig's author, else the town's, else whoever started it; runs that are up keep theirs", async () => {
  const rig = await stage.readyRig(runner);
  const sling = async (title: string) => {
    const { id } = await stage.do("bead.sling", { rig, title });
    const offer = await nth("work", id);
    await runner.end(offer, nothingToDo);
    return offer.spec.author;
  };
  expect(await stage.do("author.get", {})).toMatchObject({ from: "default" });
  const ada = { name: "Ada Person", email: "ada@example.test" };
  const bob = { name: "Bob Person", email: "bob@example.test" };
  expect(await stage.do("author.set", { author: ada })).toEqual({ ...ada, from: "town" });
  expect(await sling("one")).toEqual(ada);
  expect(await stage.do("author.set", { author: bob, rig })).toEqual({ ...bob, from: "rig" });
  expect(await sling("two")).toEqual(bob);
  expect(await stage.do("author.get", {})).toEqual({ ...ada, from: "town" });
  expect(await stage.do("author.set", { author: null, rig })).toEqual({ ...ada, from: "town" });
  expect(await sling("three")).toEqual(ada);
});

test("[C15] a bead lists the commits of all its runs once, the newest first, with their pages where they were pushed", async () => {
  const commit = (digit: string, subject: string, at: number) => ({
    ...{ oid: digit.repeat(40), subject, at },
    ...{ author: "Ada Person", committer: "polecat" },
  });
  const [first, second] = [commit("1", "Begin", 1_000), commit("a", "Go on", 2_000)];
  const shown = async (delivery: CommandInput<"rig.add">["delivery"]) => {
    const remote = "https://github.com/ada/engine.git";
    const rig = await stage.readyRig(runner, { remote, name: `by-${delivery}`, delivery });
    const { id: bead } = await stage.do("bead.sling", { rig, title: "one" });
    expect(await stage.do("bead.commits", { bead })).toEqual([]);
    const offer = await nth("work", bead);
    await runner.end(offer, { ...workDone, commits: [first] });
    const check = await nth("check", bead);
    const conflict = { green: false, gates: [], conflicts: ["a"], reason: null };
    await runner.end(check, { kind: "checked", headOid: HEAD, ...conflict });
    const again = await nth("work", bead, 1);
    await runner.end(again, { ...workDone, commits: [second, first] });
    const commits = await stage.do("bead.commits", { bead });
    return { commits, ids: [offer.spec.runId, again.spec.runId] };
  };
  const page = (oid: string) => `https://github.com/ada/engine/commit/${oid}`;
  const { commits, ids } = await shown("branch");
  expect(commits).toEqual([
    { ...second, runId: ids[1] ?? "", page: page(second.oid) },
    { ...first, runId: ids[0] ?? "", page: page(first.oid) },
  ]);
  const kept = await shown("none");
  expect(kept.commits.map(({ page: none }) => none)).toEqual([null, null]);
});
