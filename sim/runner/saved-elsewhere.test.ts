import { expect, test } from "bun:test";
import { workBase } from "../../runner/runs/kinds/work-base.ts";
import { copySave } from "../../runner/runs/saves/copy-save.ts";
import { RigDesk } from "../../runner/works/rig-desk.ts";
import type { RunSpecOf } from "../../protocol/run-spec.ts";
import { must, newRun, nowMs } from "../../tests/contract/git/works-stage.ts";
import { workSpec, rigSpec, beadSpec } from "../../tests/integration/runner/specs.ts";
import { SimClock } from "../clock.ts";
import { SimForge } from "../git/forge.ts";
import { SimHostFiles } from "../git/host-files.ts";
import { simWorks } from "../git/works.ts";

const url = "sim:shared";
const REF = "refs/gastown/wip/bd1/rn1";

/** Two runners of one rig; a run of the first has saved and copied a draft. */
async function twoRunners() {
  const forge = new SimForge();
  forge.make(url, new Map([["README.md", "# Sample\n"]]));
  const files = new SimHostFiles(forge, "/sim/one");
  const works = { one: simWorks(files), two: simWorks(new SimHostFiles(forge, "/sim/two")) };
  const { rig } = must(await works.one.rigs.open("rg1", url));
  const { targetOid: base } = must(await works.one.rigs.fetch(rig, "main"));
  const stage = { works: works.one } as Parameters<typeof newRun>[0];
  const run = await newRun(stage, rig, base);
  const save = async (text: string) => {
    files.filesAt(run.treeDir)?.set("draft.txt", text);
    return must(await works.one.trees.save(run, { nowMs })).proof.oid;
  };
  const copy = async (oid: string) => {
    const names = { runId: "rn1", fence: { epoch: 1, n: 1 }, beadId: "bd1" };
    const oids = { baseOid: base, sinceOid: base, oid, heldOid: null, copies: true };
    const desk = { works: works.one, rigs: new RigDesk(works.one.rigs) };
    must(await copySave(desk, { ...names, ...oids, rig: { id: "rg1", remote: url } }));
  };
  /** What a run on the second runner begins from. */
  const begin = async (savedWork: RunSpecOf<"work">["savedWork"]) => {
    const spec = workSpec(rigSpec(url), { savedWork, bead: beadSpec() });
    const opened = must(await works.two.rigs.open("rg1", url)).rig;
    const { targetOid } = must(await works.two.rigs.fetch(opened, "main"));
    const fetched = { rig: opened, target: "main", targetOid };
    return workBase({ works: works.two, clock: new SimClock() }, spec, fetched);
  };
  return { forge, base, save, copy, begin };
}

test("[C20] [C7] another runner goes on from the copy in the rig's repository", async () => {
  const { forge, base, save, copy, begin } = await twoRunners();
  const oid = await save("one\n");
  await copy(oid);
  const begun = await begin({ ref: REF, oid, baseOid: base, onRemote: true });
  expect(begun).toMatchObject({ ok: true, value: { savedOid: oid, start: oid } });
  expect(forge.objects.files(oid)?.get("draft.txt")).toBe("one\n");
});

test("[C20] a copy that is newer than what the town was told is what is gone on from", async () => {
  const { base, save, copy, begin } = await twoRunners();
  const told = await save("one\n");
  const newer = await save("two\n");
  await copy(newer);
  const begun = await begin({ ref: REF, oid: told, baseOid: base, onRemote: true });
  expect(begun).toMatchObject({ ok: true, value: { savedOid: newer } });
});

test("[C20] while the copy cannot be read the run is tried again; where it is gone the work is done again", async () => {
  const { forge, base, save, copy, begin } = await twoRunners();
  const oid = await save("one\n");
  await copy(oid);
  const savedWork = { ref: REF, oid, baseOid: base, onRemote: true };
  let calls = 0;
  // The fetch of the rig succeeds, the look for the copy does not.
  forge.fault = () => (++calls > 1 ? "unreachable" : null);
  expect(await begin(savedWork)).toMatchObject({
    ending: { outcome: "rejected", reason: { code: "repository_unreachable" } },
  });
  forge.fault = () => null;
  forge.move(url, REF, null);
  expect(await begin(savedWork)).toMatchObject({
    ok: true,
    value: { savedOid: null, start: base },
  });
});
