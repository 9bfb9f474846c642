/** What every history and every set of refs must do. */
import { expect } from "bun:test";
import { onlyMoved } from "../../../runner/git/push.ts";
import {
  attribution,
  fetchedRig,
  must,
  nowMs,
  savedCommit,
  type OpenWorks,
} from "./works-stage.ts";

const nothing = "0123456789012345678901234567890123456789";

export async function fetching(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { rigs, history } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  expect(must(await rigs.open("rg1", stage.remoteUrl)).rig).toEqual(rig);
  expect(must(await rigs.defaultBranch(rig)).branch).toBe("main");
  expect(must(await history.readRef(rig, "refs/remotes/origin/main")).oid).toBe(tip);
  await stage.move("refs/heads/other", tip);
  const next = await stage.stray("new.txt", "new\n");
  expect(must(await history.hasCommit(rig, next)).yes).toBe(false);
  expect(must(await rigs.fetch(rig, "main"))).toMatchObject({ targetOid: next });
  expect(must(await history.readRef(rig, "refs/remotes/origin/other")).oid).toBe(tip);
  await stage.move("refs/heads/other", null);
  must(await rigs.fetch(rig, "main"));
  expect(must(await history.readRef(rig, "refs/remotes/origin/other")).oid).toBeNull();
  for (const branch of ["absent", "not a branch"])
    expect(await rigs.fetch(rig, branch)).toMatchObject({ error: { code: "missing_branch" } });
}

export async function attempting(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { rigs } = stage.works;
  const { rig } = must(await rigs.open("rg1", stage.remoteUrl));
  const before = await stage.remoteRefs();
  must(await rigs.attempt(rig, null));
  expect(await stage.remoteRefs()).toEqual(before);
  const nowhere = { ...rig, remote: { ...rig.remote, url: `${stage.remoteUrl}-of-nobody` } };
  expect(await rigs.attempt(nowhere, null)).toMatchObject({ error: { code: "not_a_repository" } });
}

export async function ancestry(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { history } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const work = await savedCommit(stage, rig, tip, "work.txt");
  const ahead = await stage.stray("ahead.txt", "a\n");
  must(await stage.works.rigs.fetch(rig, "main"));
  const asked = async (a: string, b: string) => must(await history.isAncestor(rig, a, b)).yes;
  expect([await asked(tip, work), await asked(work, tip), await asked(work, work)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(await history.isAncestor(rig, nothing, tip)).toMatchObject({ ok: false });
  expect(must(await history.hasCommit(rig, nothing)).yes).toBe(false);
  expect(must(await history.mergeBase(rig, work, ahead)).oid).toBe(tip);
  expect(must(await history.readRef(rig, work)).oid).toBe(work);
  expect(must(await history.readRef(rig, "refs/heads/none")).oid).toBeNull();
  expect(await history.readCommit(rig, nothing)).toMatchObject({ ok: false });
}

export async function merging(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { history } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const work = await savedCommit(stage, rig, tip, "work.txt");
  const ahead = await stage.stray("ahead.txt", "a\n");
  must(await stage.works.rigs.fetch(rig, "main"));
  const { merged } = must(await history.mergeTrees(rig, ahead, work));
  if (merged.kind !== "merged") throw new Error("nothing was in conflict");
  const message = "Title\n\nBead: bd1\nCo-authored-by: polecat <p@g.invalid>\n";
  const wish = { tree: merged.tree, parents: [ahead, work], message, ...attribution, atMs: nowMs };
  const { oid } = must(await history.commit(rig, wish));
  expect(must(await history.commit(rig, { ...wish, atMs: nowMs + 400 })).oid).toBe(oid);
  expect(must(await history.commit(rig, { ...wish, atMs: nowMs + 1_000 })).oid).not.toBe(oid);
  const { commit } = must(await history.readCommit(rig, oid));
  const { committer } = attribution;
  expect(commit).toEqual({ tree: merged.tree, parents: [ahead, work], committer, message });
  const landed = { oid, parents: [ahead, work], beads: ["bd1"], carries: false };
  const range = { from: tip, to: oid, firstParent: true };
  expect(must(await history.merges(rig, range)).merges).toEqual([landed]);
  const all = must(await history.merges(rig, { from: null, to: oid, firstParent: true }));
  expect(all.merges).toEqual([landed]);
  // Seen from a commit that has it as second parent only, it is not of the first line.
  const above = { ...wish, parents: [ahead, oid], message: "Above\n" };
  const { oid: top } = must(await history.commit(rig, above));
  const seen = async (firstParent: boolean) =>
    must(await history.merges(rig, { from: tip, to: top, firstParent })).merges.map((m) => m.oid);
  expect(await seen(true)).toEqual([top]);
  expect(await seen(false)).toEqual([top, oid]);
  const empty = { ...wish, tree: null, parents: [] };
  const { oid: root } = must(await history.commit(rig, empty));
  expect(must(await history.readCommit(rig, root)).commit.parents).toEqual([]);
}

export async function conflicts(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { history, trees } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const work = await savedCommit(stage, rig, tip, "same.txt");
  const other = await stage.stray("same.txt", "other\n");
  must(await stage.works.rigs.fetch(rig, "main"));
  const { merged } = must(await history.mergeTrees(rig, other, work));
  expect(merged).toMatchObject({ kind: "conflict", files: ["same.txt"] });
  const marked = { tree: merged.tree, parents: [other], message: "M\n", ...attribution, atMs: 0 };
  const { oid: start } = must(await history.commit(rig, marked));
  const wish = { beadId: "bd1", runId: "rn2", base: tip, start, targetBranch: "main", attribution };
  const { run } = must(await trees.create(rig, wish));
  expect(await stage.read(run.treeDir, "same.txt")).toContain("<<<<<<<");
}

export async function comparing(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { history } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  await stage.stray("src/a.txt", "one\nTWO\nthree\n");
  const to = await stage.stray("src/new.txt", "n\n");
  must(await stage.works.rigs.fetch(rig, "main"));
  expect(must(await history.diffStat(rig, tip, to, 1)).stat).toEqual({
    files: [{ path: "src/a.txt", from: null, added: 1, removed: 1 }],
    filesTotal: 2,
    added: 2,
    removed: 1,
  });
  const { paths } = must(await history.changedPaths(rig, tip, to));
  expect(paths).toEqual([
    { path: "src/a.txt", isLink: false },
    { path: "src/new.txt", isLink: false },
  ]);
  const whole = must(await history.unifiedDiff(rig, tip, to, { bytesMax: 10_000 }));
  expect(whole.cut).toBe(false);
  for (const line of ["-two", "+TWO", "+n"]) expect(whole.text).toContain(`\n${line}\n`);
  const part = must(await history.unifiedDiff(rig, tip, to, { bytesMax: 60 }));
  expect(part.cut).toBe(true);
  expect(whole.text.startsWith(part.text)).toBe(true);
  expect(part.text === "" || part.text.endsWith("\n")).toBe(true);
  expect(must(await history.newBytes(rig, tip, to)).bytes).toBeGreaterThan(0);
  expect(must(await history.newBytes(rig, to, to)).bytes).toBe(0);
}

export async function pushing(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { refs } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const work = await savedCommit(stage, rig, tip, "work.txt");
  const place = { url: stage.remoteUrl };
  const main = (to: string | null, expected: string | null) => ({
    ref: "refs/heads/main",
    to,
    expected,
  });
  const side = { ref: "refs/gastown/x/side", to: work, expected: null };
  const push = async (...updates: { ref: string; to: string | null; expected: string | null }[]) =>
    must(await refs.push(rig, place, updates)).refs;
  const stale = await push(main(work, work), side);
  expect(stale.map(({ state }) => state)).toEqual(["refused", "refused"]);
  expect(onlyMoved(stale)).toBe(true);
  expect((await stage.remoteRefs()).get("refs/heads/main")).toBe(tip);
  const taken = await push({ ...side, ref: "refs/heads/main" });
  expect(taken.map(({ state }) => state)).toEqual(["refused"]);
  const both = await push(main(work, tip), side);
  expect(both.map(({ state }) => state)).toEqual(["updated", "updated"]);
  const held = await stage.remoteRefs();
  expect([held.get("refs/heads/main"), held.get(side.ref)]).toEqual([work, work]);
  const again = await push(main(work, work), { ...side, expected: tip });
  expect(again.map(({ state }) => state)).toEqual(["same", "same"]);
  expect(must(await refs.read(place, [side.ref, "refs/heads/none"])).refs).toEqual(
    new Map([[side.ref, work]]),
  );
  expect(must(await refs.list(place, "refs/gastown/x/")).refs).toEqual(new Map([[side.ref, work]]));
  expect(must(await refs.list(place, "refs/gastown/y/")).refs.size).toBe(0);
  await push({ ...side, to: null, expected: work });
  expect((await stage.remoteRefs()).has(side.ref)).toBe(false);
  // A lease lets pass what is no fast-forward: ancestry is the caller's business.
  expect((await push(main(tip, work)))[0]?.state).toBe("updated");
}

export async function denying(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { rig, tip } = await fetchedRig(stage);
  const work = await savedCommit(stage, rig, tip, "work.txt");
  await stage.protectMain();
  const denied = must(
    await stage.works.refs.push(rig, { url: stage.remoteUrl }, [
      { ref: "refs/heads/main", to: work, expected: tip },
      { ref: "refs/gastown/x/side", to: work, expected: null },
    ]),
  );
  expect(denied.refs.map(({ state }) => state)).toEqual(["refused", "refused"]);
  expect(onlyMoved(denied.refs)).toBe(false);
  expect([...(await stage.remoteRefs()).keys()]).toEqual(["refs/heads/main"]);
}

export async function storeAsPlace(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { refs, history } = stage.works;
  const { rig, tip } = await fetchedRig(stage);
  const work = await savedCommit(stage, rig, tip, "work.txt");
  const place = { url: rig.storeDir };
  const update = { ref: "refs/heads/gastown/landed/main", to: work, expected: null };
  const pushed = must(await refs.push(rig, place, [update])).refs;
  expect(pushed.map(({ state }) => state)).toEqual(["updated"]);
  expect(must(await history.readRef(rig, update.ref)).oid).toBe(work);
  expect(must(await refs.read(place, [update.ref])).refs.get(update.ref)).toBe(work);
  must(await stage.works.rigs.fetch(rig, "main"));
  expect(must(await history.readRef(rig, update.ref)).oid).toBe(work);
  expect((await stage.remoteRefs()).size).toBe(1);
}

export async function bringing(open: OpenWorks): Promise<void> {
  await using stage = await open();
  const { refs, history } = stage.works;
  const { rig } = await fetchedRig(stage);
  const oid = await stage.stray("hidden.txt", "h\n");
  await stage.move("refs/gastown/lane/x", oid);
  expect(must(await history.hasCommit(rig, oid)).yes).toBe(false);
  must(await refs.bring(rig, { url: stage.remoteUrl }, "refs/gastown/lane/x"));
  expect(must(await history.hasCommit(rig, oid)).yes).toBe(true);
  const absent = await refs.bring(rig, { url: stage.remoteUrl }, "refs/gastown/lane/none");
  expect(absent.ok).toBe(false);
}
