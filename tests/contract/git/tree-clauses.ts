/** What trees, checkouts and what stands on them must do. */
import { expect } from "bun:test";
import { journalInMemory } from "../../support/journal.ts";
import { land } from "../../../runner/merge/engine.ts";
import type { LandingRequest } from "../../../runner/merge/request.ts";
import { issueProof } from "../../../runner/git/proof.ts";
import { verifyDone } from "../../../runner/works/done.ts";
import { notHeld, rigProof, workIn } from "../../../runner/works/let-rig-go.ts";
import { lfsPatternsIn } from "../../../runner/works/lfs.ts";
import { retireRun } from "../../../runner/works/retire-run.ts";
import { pushRunBranch } from "../../../runner/works/run-branch.ts";
import {
  attribution,
  fetchedRig,
  must,
  newRun,
  nowMs,
  savedCommit,
  type OpenWorks,
  type WorksStage,
} from "./works-stage.ts";

export async function savingTrees(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { trees, history } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const run = await newRun(stage, rig, tip);
  expect(await stage.read(run.treeDir, "README.md")).toBe("# Sample\n");
  expect(must(await trees.create(rig, { ...run, base: tip })).run).toEqual(run);
  expect(must(await trees.save(run, { nowMs })).proof.oid).toBe(tip);
  expect(await trees.branch(run)).toEqual({ readable: true, branch: "gastown/run/bd1/rn1" });
  await stage.write(run.treeDir, "one.txt", "1\n");
  await stage.write(run.treeDir, "src/b.txt", null);
  const saved = must(await trees.save(run, { nowMs, message: "Add one" }));
  expect(saved).toMatchObject({ base: tip, commitsDropped: null, unsaved: [] });
  const { commit } = must(await history.readCommit(rig, saved.proof.oid));
  expect(commit).toMatchObject({ tree: saved.proof.tree, parents: [tip] });
  const { name, email } = attribution.committer;
  expect(commit.message).toBe(`Add one\n\nBead: bd1\nCo-authored-by: ${name} <${email}>\n`);
  expect(must(await history.readRef(rig, saved.proof.ref)).oid).toBe(saved.proof.oid);
  const changed = must(await history.changedPaths(rig, tip, saved.proof.oid)).paths;
  expect(changed.map(({ path }) => path)).toEqual(["one.txt", "src/b.txt"]);
  const reopened = must(await trees.open(rig, "rn1")).run;
  expect(reopened).toEqual(run);
  expect(await trees.open(rig, "rn9")).toMatchObject({ error: { code: "not_owned" } });
  const unknown = { ...run, runId: "rn2", base: "f".repeat(40), start: "f".repeat(40) };
  expect(await trees.create(rig, unknown)).toMatchObject({ error: { code: "unknown_base" } });
}

export async function pointers(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { trees } = stage.works;
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 7\n`;
  await stage.stray(".gitattributes", "*.psd filter=lfs diff=lfs merge=lfs -text\n");
  await stage.stray("art.psd", pointer);
  const { rig, tip } = await fetchedRig(stage);
  expect(await lfsPatternsIn(stage.works, rig, tip)).toEqual(["*.psd"]);
  const run = await newRun(stage, rig, tip);
  expect(await stage.read(run.treeDir, "art.psd")).toBe(pointer);
  expect(must(await trees.save(run, { nowMs })).proof.oid).toBe(tip);
  await stage.write(run.treeDir, "one.txt", "1\n");
  const { oid } = must(await trees.save(run, { nowMs })).proof;
  const changed = must(await stage.works.history.changedPaths(rig, tip, oid)).paths;
  expect(changed.map(({ path }) => path)).toEqual(["one.txt"]);
}

export async function savingAgain(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { trees } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const run = await newRun(stage, rig, tip);
  const save = async (afterMs: number) =>
    must(await trees.save(run, { nowMs: nowMs + afterMs })).proof;
  await stage.write(run.treeDir, "one.txt", "1\n");
  const first = await save(0);
  expect((await save(60_000)).oid).toBe(first.oid);
  await stage.write(run.treeDir, "one.txt", "2\n");
  const second = await save(120_000);
  expect(second.oid).not.toBe(first.oid);
  // The words of a done are its own, whatever was saved before.
  const done = must(await trees.save(run, { nowMs: nowMs + 180_000, message: "Did it" })).proof;
  expect({ same: done.oid === second.oid, tree: done.tree }).toEqual({
    same: false,
    tree: second.tree,
  });
  expect((await save(240_000)).oid).toBe(done.oid);
}

export async function removingTrees(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { trees } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const run = await newRun(stage, rig, tip);
  await stage.write(run.treeDir, "one.txt", "1\n");
  const { proof } = must(await trees.save(run, { nowMs }));
  // A proof counts as the object that was issued, and for its run only.
  const forged = { ...proof };
  const foreign = issueProof({ ...proof, runId: "rn2" });
  for (const each of [forged, foreign])
    expect(await trees.remove(run, each)).toMatchObject({ error: { code: "no_proof" } });
  expect(await trees.hasTree(run)).toBe(true);
  const seen = { beadId: "bd1", runId: "rn1", oid: proof.oid, base: tip };
  const again = must(await trees.verifySaved(rig, seen)).proof;
  expect(again).toEqual(proof);
  expect(await trees.verifySaved(rig, { ...seen, oid: tip })).toMatchObject({
    error: { code: "not_saved" },
  });
  expect(must(await trees.remove(run, again)).removed).toBe(true);
  expect(must(await trees.remove(run, again)).removed).toBe(false);
  expect(await trees.hasTree(run)).toBe(false);
  expect(must(await retireRun(trees, run, nowMs)).proof).toMatchObject({ reason: "no_tree" });
  const idle = await newRun(stage, rig, tip, "rn3");
  expect(must(await retireRun(trees, idle, nowMs)).proof).toMatchObject({ reason: "equals_base" });
}

export async function removingRigs(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { rigs, trees, refs } = stage.works;
  expect([await rigs.has("rg9"), await trees.ofRig("rg9")]).toEqual([false, []]);
  const { rig, tip } = await fetchedRig(stage);
  expect(await rigs.has("rg1")).toBe(true);
  const run = await newRun(stage, rig, tip);
  await newRun(stage, rig, tip, "rn2");
  expect((await trees.ofRig("rg1")).toSorted()).toEqual(["rn1", "rn2"]);
  expect(await trees.ofRig("rg2")).toEqual([]);
  await stage.write(run.treeDir, "one.txt", "1\n");
  const { oid, ref } = must(await trees.save(run, { nowMs })).proof;
  const { work } = must(await workIn(stage.works, rig));
  expect(work).toEqual([{ ref, oid }]);
  expect(must(await notHeld(stage.works, rig, work)).left).toEqual(work);
  const place = { url: stage.remoteUrl };
  must(await refs.push(rig, place, [{ ref, to: oid, expected: null }]));
  expect(must(await notHeld(stage.works, rig, work)).left).toEqual([]);
  // Under another name: what has landed needs no saved work.
  must(await refs.push(rig, place, [{ ref, to: null, expected: oid }]));
  expect(must(await notHeld(stage.works, rig, [{ ref, oid: tip }])).left).toEqual([]);
  for (const each of [rigProof("rg2", "dropped"), { ...rigProof("rg1", "dropped") }])
    expect(await rigs.remove(rig, each)).toMatchObject({ error: { code: "no_proof" } });
  expect(must(await rigs.remove(rig, rigProof("rg1", "dropped"))).removed).toBe(true);
  expect(await rigs.has("rg1")).toBe(false);
}

export async function waitingTrees(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { trees, scratch } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const { warm } = must(await trees.warm(rig, { name: "w1", oid: tip }));
  expect(await stage.read(warm.treeDir, "README.md")).toBe("# Sample\n");
  // The target has moved on before its run comes.
  const base = await stage.stray("new.txt", "new\n");
  must(await stage.works.rigs.fetch(rig, "main"));
  const wish = { beadId: "bd1", runId: "rn1", base, targetBranch: "main", attribution };
  const { run } = must(await trees.adopt(warm, wish));
  expect(run).toMatchObject({ base, start: base, branch: "gastown/run/bd1/rn1" });
  expect(run.treeDir).toBe(warm.treeDir);
  expect(await stage.read(run.treeDir, "new.txt")).toBe("new\n");
  expect(must(await trees.open(rig, "rn1")).run).toEqual(run);
  expect(must(await trees.create(rig, wish)).run).toEqual(run);
  await stage.write(run.treeDir, "one.txt", "1\n");
  const { proof } = must(await trees.save(run, { nowMs }));
  expect(await trees.branch(run)).toEqual({ readable: true, branch: run.branch });
  const changed = must(await stage.works.history.changedPaths(rig, base, proof.oid)).paths;
  expect(changed.map(({ path }) => path)).toEqual(["one.txt"]);
  // It is not one that waits any more, for nobody.
  await trees.letGo(warm);
  await scratch.sweep();
  expect(await stage.read(run.treeDir, "one.txt")).toBe("1\n");
  const foreign = issueProof({ ...proof, runId: "rn2" });
  expect(await trees.remove(run, foreign)).toMatchObject({ error: { code: "no_proof" } });
  expect(must(await trees.remove(run, proof)).removed).toBe(true);
  expect(await trees.open(rig, "rn1")).toMatchObject({ error: { code: "not_owned" } });
  for (const leave of [(left: typeof warm) => trees.letGo(left), () => scratch.sweep()]) {
    const left = must(await trees.warm(rig, { name: "w2", oid: tip })).warm;
    await leave(left);
    expect(await stage.read(left.treeDir, "README.md")).toBeNull();
  }
  const unknown = { name: "w3", oid: "f".repeat(40) };
  expect(await trees.warm(rig, unknown)).toMatchObject({ error: { code: "unknown_base" } });
}

export async function scratchTrees(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { scratch } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const made = must(await scratch.write(rig, { name: "rn1", oid: tip })).scratch;
  expect(await stage.read(made.treeDir, "src/a.txt")).toBe("one\ntwo\nthree\n");
  await stage.write(made.treeDir, "build/out.txt", "new files do not count\n");
  expect(must(await scratch.changed(made)).paths).toEqual([]);
  await stage.write(made.treeDir, "README.md", "changed\n");
  await stage.write(made.treeDir, "src/b.txt", null);
  expect(must(await scratch.changed(made)).paths.toSorted()).toEqual(["README.md", "src/b.txt"]);
  const anew = must(await scratch.write(rig, { name: "rn1", oid: tip })).scratch;
  expect(anew).toEqual(made);
  expect(await stage.read(anew.treeDir, "build/out.txt")).toBeNull();
  const bare = must(await scratch.empty("rn2")).scratch;
  await stage.write(bare.treeDir, "note.txt", "n\n");
  expect(must(await scratch.empty("rn2")).scratch).toEqual(bare);
  expect(await stage.read(bare.treeDir, "note.txt")).toBe("n\n");
  expect(must(await scratch.remove(anew)).removed).toBe(true);
  expect(must(await scratch.remove(anew)).removed).toBe(false);
  expect(await scratch.sweep()).toEqual([]);
  expect(await stage.read(bare.treeDir, "note.txt")).toBeNull();
}

export async function verifiedDone(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { rig, tip } = await fetchedRig(stage);
  const run = await newRun(stage, rig, tip);
  const done = (more: object = {}) =>
    verifyDone(stage.works, run, { summary: "Did it", nowMs, ...more });
  expect(await done()).toMatchObject({ error: { code: "empty_diff" } });
  expect(await done({ noChangesReason: "it was there" })).toMatchObject({
    done: { head: tip, noChangesReason: "it was there" },
  });
  await stage.write(run.treeDir, "sub/.gitattributes", "* -text\n");
  expect(await done()).toMatchObject({ error: { code: "reserved_path" } });
  await stage.write(run.treeDir, "sub/.gitattributes", null);
  await stage.write(run.treeDir, "one.txt", "1\n");
  expect(await done({ bytesMax: 1 })).toMatchObject({ error: { code: "too_large" } });
  const { head } = must(await done()).done;
  const push = {
    beadId: "bd1",
    runId: "rn1",
    oid: head,
    expected: null,
    delivery: "merge",
  } as const;
  expect(await pushRunBranch(stage.works.refs, rig, push)).toMatchObject({ pushed: true });
  expect(await pushRunBranch(stage.works.refs, rig, push)).toMatchObject({ pushed: false });
  await stage.move("refs/heads/gastown/run/bd1/rn1", tip);
  const moved = await pushRunBranch(stage.works.refs, rig, push);
  expect(moved).toMatchObject({ error: { code: "branch_moved" } });
}

async function landing(stage: WorksStage): Promise<LandingRequest & { sourceBase: string }> {
  const { rig, tip } = await fetchedRig(stage);
  const source = await savedCommit(stage, rig, tip, "work.txt");
  const runBranch = "gastown/run/bd1/rn1";
  const push = { beadId: "bd1", runId: "rn1", oid: source, expected: null } as const;
  must(await pushRunBranch(stage.works.refs, rig, { ...push, delivery: "merge" }));
  return {
    ...{ beadId: "bd1", runId: "mg1", fence: 1, fenceIssuer: "tw1", title: "Title" },
    ...{ source, sourceBase: tip, target: "main", delivery: "merge", runBranch, attribution },
    carries: 0,
    withdraw: false,
    convoyBranch: null,
  };
}

export async function landings(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const request = await landing(stage);
  const { rig } = await fetchedRig(stage);
  let strays = 2;
  const shop = {
    ...{ works: stage.works, rig, clock: { now: () => nowMs } },
    authority: () => Promise.resolve(true),
    gates: {
      run: async () => {
        if (strays-- > 0) await stage.stray(`stray${strays}.txt`, "s\n");
        return { kind: "green" as const };
      },
    },
  };
  const journal = journalInMemory();
  const result = await land(shop, request, journal);
  expect(result).toMatchObject({ ok: true, branchDeleted: true, proof: { method: "merge" } });
  expect(journal.entries.map(({ kind }) => kind)).toContain("push_refused");
  const main = (await stage.remoteRefs()).get("refs/heads/main");
  expect(result.ok && result.proof.merge).toBe(main ?? "");
  expect((await stage.remoteRefs()).has("refs/heads/gastown/run/bd1/rn1")).toBe(false);
  // Whoever asks again, with this journal, with none, or as a newer run, lands nothing more.
  const newer = { ...request, fence: 2, runId: "mg2" };
  for (const [who, kept] of [
    [request, journal],
    [request, journalInMemory()],
    [newer, journalInMemory()],
  ] as const)
    expect(await land(shop, who, kept)).toMatchObject({ ok: true, proof: { merge: main } });
  expect(await land(shop, { ...request, runId: "mg0" }, journalInMemory())).toMatchObject({
    error: { code: "superseded" },
  });
  expect((await stage.remoteRefs()).get("refs/heads/main")).toBe(main);
}

export async function checkouts(open: OpenWorks): Promise<void> {
  await using stage = await open({ checkout: true });
  const request = await landing(stage);
  const { rig } = await fetchedRig(stage);
  const { checkouts: port } = stage.works;
  const { shape } = must(await port.shape(rig));
  expect(shape).toEqual({ kind: "checkout", workTree: stage.remoteUrl, branch: "main" });
  expect(await port.state(stage.remoteUrl)).toBe("clean");
  const gates = { run: () => Promise.resolve({ kind: "green" as const }) };
  const authority = () => Promise.resolve(true);
  const clock = { now: () => nowMs };
  const shop = { works: stage.works, rig, clock, authority, gates };
  const result = await land(shop, request, journalInMemory());
  expect(result).toMatchObject({ ok: true, command: null });
  const refs = await stage.remoteRefs();
  expect(result.ok && result.proof.merge).toBe(refs.get("refs/heads/main") ?? "");
  expect([...refs.keys()].filter((ref) => ref.startsWith("refs/gastown/candidate/"))).toEqual([]);
  const candidateRef = "refs/gastown/candidate/bd1/taken-back";
  const { source, sourceBase } = request;
  const wish = { branch: "main", expected: source, candidateRef, merge: sourceBase };
  expect(must(await port.fastForward(stage.remoteUrl, wish)).result).toBe("moved");
  const expected = refs.get("refs/heads/main") ?? "";
  const back = await port.fastForward(stage.remoteUrl, { ...wish, expected });
  expect(must(back)).toMatchObject({ result: "moved", reason: "the candidate was taken back" });
  const other = await port.fastForward(stage.remoteUrl, { ...wish, branch: "other" });
  expect(must(other).result).toBe("dirty");
}
