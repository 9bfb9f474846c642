import { expect, test } from "bun:test";
import { SaveBook, type KeptSave } from "../../runner/spool/save-book.ts";
import { openSpoolDatabase } from "../../runner/spool/open.ts";
import { copySave } from "../../runner/runs/saves/copy-save.ts";
import { deleteGiven, givenRefs } from "../../runner/runs/saves/forget-given.ts";
import { forgetSave } from "../../runner/runs/saves/forget-save.ts";
import { RigDesk } from "../../runner/works/rig-desk.ts";
import { must, newRun, nowMs } from "../../tests/contract/git/works-stage.ts";
import { SimDisk } from "../disk.ts";
import { SimForge } from "../git/forge.ts";
import { SimHostFiles } from "../git/host-files.ts";
import { simWorks } from "../git/works.ts";
import { SimRandom } from "../random.ts";

const url = "sim:forgotten";

/** Two runs of two beads, saved and copied. */
async function twoSaves() {
  const forge = new SimForge();
  const remote = forge.make(url, new Map([["README.md", "# Sample\n"]]));
  const files = new SimHostFiles(forge, "/sim/one");
  const works = simWorks(files);
  const desk = { works, rigs: new RigDesk(works.rigs) };
  const { rig } = must(await works.rigs.open("rg1", url));
  const { targetOid: base } = must(await works.rigs.fetch(rig, "main"));
  const saves: KeptSave[] = [];
  for (const runId of ["rn1", "rn2"]) {
    const run = await newRun({ works } as Parameters<typeof newRun>[0], rig, base, runId);
    files.filesAt(run.treeDir)?.set("draft.txt", `${runId}\n`);
    const { oid } = must(await works.trees.save(run, { nowMs })).proof;
    const names = {
      runId,
      fence: { epoch: 1, n: 1 },
      beadId: "bd1",
      rig: { id: "rg1", remote: url },
    };
    const save = { ...names, baseOid: base, sinceOid: base, oid, heldOid: null, copies: true };
    must(await copySave(desk, save));
    saves.push(save);
  }
  const refs = () => ({
    remote: [...remote.repository.refs.keys()].filter((ref) => ref.includes("/wip/")),
    store: [...files.store(rig.storeDir).refs.keys()].filter((ref) => ref.includes("/wip/")),
  });
  const [one, two] = saves;
  if (one === undefined || two === undefined) throw new Error("nothing was saved");
  return { forge, desk, rig, one, two, refs };
}
const REF = { one: "refs/gastown/wip/bd1/rn1", two: "refs/gastown/wip/bd1/rn2" };

test("[C20] [C9] saved work is deleted by the name of its run, there and here, and that of others stays", async () => {
  const { desk, one, refs } = await twoSaves();
  expect(await forgetSave(desk, one)).toEqual({ ok: true });
  expect(refs()).toEqual({ remote: [REF.two], store: [REF.two] });
  expect(await forgetSave(desk, one)).toEqual({ ok: true });
});

test("[C20] [C9] what the repository did not answer for is done again; until then the runner keeps its own", async () => {
  const { forge, desk, one, refs } = await twoSaves();
  forge.fault = ({ writes }) => (writes ? "unreachable" : null);
  expect(await forgetSave(desk, one)).toMatchObject({ ok: false });
  expect(refs().store).toContain(REF.one);
  forge.fault = ({ writes }) => (writes ? "answer_lost" : null);
  expect(await forgetSave(desk, one)).toMatchObject({ ok: false });
  forge.fault = () => null;
  expect(await forgetSave(desk, one)).toEqual({ ok: true });
  expect(refs()).toEqual({ remote: [REF.two], store: [REF.two] });
});

test("[C20] [C9] a ref of that name that somebody else has moved is left alone", async () => {
  const { forge, desk, one, refs } = await twoSaves();
  const foreign = forge.stray(url, "elsewhere", new Map([["x.txt", "x\n"]]));
  forge.move(url, REF.one, foreign);
  expect(await forgetSave(desk, one)).toEqual({ ok: true });
  expect(refs()).toEqual({ remote: [REF.one, REF.two], store: [REF.two] });
});

test("[C20] what a runner has saved is known again after its start, until it is dropped", async () => {
  const { one, two } = await twoSaves();
  const disk = new SimDisk();
  const open = () => {
    const opened = openSpoolDatabase(disk.door(), new SimRandom(1));
    if (!opened.ok) throw new Error(opened.error.message);
    return new SaveBook(opened.value);
  };
  const book = open();
  book.put(one);
  book.put(two);
  book.held(one.runId, one.oid);
  disk.cutPower();
  const again = open();
  expect(again.owed().map(({ runId }) => runId)).toEqual([two.runId]);
  again.put({ ...one, oid: two.oid });
  expect(again.find(one.runId)).toMatchObject({ oid: two.oid, heldOid: one.oid });
  again.drop(two.runId);
  expect(
    open()
      .owed()
      .map(({ runId }) => runId),
  ).toEqual([one.runId]);
});

test("[B20] [C9] what was given of a bead is deleted by its name, all of it or nothing, and that of others stays", async () => {
  const { forge, desk, rig, one } = await twoSaves();
  const { works } = desk;
  const at = (name: string) => `refs/gastown/given/${name}`;
  for (const name of ["bd1/one", "bd1/two", "bd10/three"]) forge.move(url, at(name), one.oid);
  const { refs: seen } = must(await givenRefs(works, { url }, "bd1"));
  expect([...seen.keys()].toSorted()).toEqual([at("bd1/one"), at("bd1/two")]);
  // Somebody has put another commit there meanwhile.
  forge.move(url, at("bd1/two"), one.baseOid);
  expect(await deleteGiven(works, rig, { url }, seen)).toMatchObject({ ok: false });
  const { refs: again } = must(await givenRefs(works, { url }, "bd1"));
  expect(again.size).toBe(2);
  expect((await deleteGiven(works, rig, { url }, again)).ok).toBe(true);
  const left = [...forge.at(url).repository.refs.keys()].filter((ref) => ref.includes("/given/"));
  expect(left).toEqual([at("bd10/three")]);
  expect((await deleteGiven(works, rig, { url }, new Map())).ok).toBe(true);
});
