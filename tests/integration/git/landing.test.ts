import { afterEach, expect, test } from "bun:test";
import type { Exec } from "../../../runner/git/exec.ts";
import { readLane } from "../../../runner/merge/lane.ts";
import { laneRef } from "../../../runner/git/names.ts";
import { resolveBase } from "../../../runner/works/base.ts";
import { fetchRig } from "../../../runner/git/mirror.ts";
import { land } from "../../../runner/merge/engine.ts";
import type { GatesPort } from "../../../runner/merge/workshop.ts";
import { testExec } from "../../support/git-exec.ts";
import { finishedWork, isIn, landings, workshop } from "../../support/git-landing.ts";
import { journalInMemory } from "../../support/journal.ts";
import {
  makeRig,
  must,
  personGit,
  type RigFixture,
  strayCommit,
  write,
} from "../../support/git-rig.ts";

let rig: RigFixture;
afterEach(() => rig.remove());
const remote = (...args: string[]) => personGit(rig.remoteDir, ...args);

test("[D2] a bead lands as one merge commit with its id, with proof, and its branch goes", async () => {
  rig = await makeRig();
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({
    ok: true,
    branchDeleted: true,
    command: null,
    proof: { method: "merge", source: request.source, landedOn: "refs/heads/main" },
  });
  if (!result.ok) return;
  expect(await remote("rev-parse", "main")).toBe(result.proof.merge);
  expect(await remote("rev-parse", "main^1", "main^2")).toBe(
    `${request.sourceBase}\n${request.source}`,
  );
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd1"]);
  expect(await remote("log", "-1", "--format=%s|%an|%cn", "main")).toBe(
    "Title of bd1|Ada Person|polecat",
  );
  expect(await remote("for-each-ref", "--format=%(refname)", "refs/heads")).toBe("refs/heads/main");
  expect(await isIn(rig, request.source, "refs/heads/main")).toBe(true);
  const { lane } = must(
    await readLane(rig.works, rig.rig, { url: rig.remoteDir }, "refs/heads/main"),
  );
  expect(lane.mark).toMatchObject({ fence: 1, runId: "mg-bd1" });
  expect(await remote("log", "--format=%P|%T", laneRef("refs/heads/main"))).toBe(
    "|4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  );
});

test("[D2] two beads on one base land one after the other, each once", async () => {
  rig = await makeRig();
  const one = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const two = await finishedWork(rig, "bd2", "two.txt", "2\n", { fence: 2 });
  expect(await land(await workshop(rig), one, journalInMemory())).toMatchObject({ ok: true });
  expect(await land(await workshop(rig), two, journalInMemory())).toMatchObject({ ok: true });
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd2", "bd1"]);
  expect(await remote("ls-tree", "-r", "--name-only", "main")).toContain(
    "one.txt\nsrc/a.txt\nsrc/b.txt\ntwo.txt",
  );
});

test("[D2] [SC-REVIEW-10] a run's branch that holds more than what landed is not deleted", async () => {
  rig = await makeRig();
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const more = await strayCommit(rig, "more.txt", "m\n", request.runBranch ?? "");
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({ ok: true, branchDeleted: false });
  expect(await remote("rev-parse", request.runBranch ?? "")).toBe(more);
});

test("[D2] a conflict names its files and changes nothing", async () => {
  rig = await makeRig();
  const request = await finishedWork(rig, "bd1", "src/a.txt", "mine\n");
  const stray = await strayCommit(rig, "src/a.txt", "theirs\n");
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({ ok: false, error: { code: "conflict", files: ["src/a.txt"] } });
  expect(await remote("rev-parse", "main")).toBe(stray);
  expect(await remote("rev-parse", request.runBranch ?? "")).toBe(request.source);
});

test("[D3] red gates on the merged tree land nothing and give their log", async () => {
  rig = await makeRig();
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const gates = { run: () => Promise.resolve({ kind: "red" as const, log: "1 test failed" }) };
  const result = await land(await workshop(rig, { gates }), request, journalInMemory());
  expect(result).toMatchObject({ ok: false, error: { code: "gates_red", log: "1 test failed" } });
  expect(await remote("rev-parse", "main")).toBe(request.sourceBase);
});

test("[D2] [SC-REVIEW-9] a target that moves while the gates run is merged anew; one that never rests is given back", async () => {
  rig = await makeRig();
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  let moves = 0;
  const movingFor = (times: number) => ({
    run: async () => {
      if (moves < times) await strayCommit(rig, `stray-${moves++}.txt`, "s\n");
      return { kind: "green" as const };
    },
  });
  const given = await land(
    await workshop(rig, { gates: movingFor(99) }),
    request,
    journalInMemory(),
  );
  expect(given).toMatchObject({
    ok: false,
    error: { code: "target_keeps_moving", retryable: true },
  });
  expect(await landings(rig.remoteDir, "main")).toEqual([]);
  const later = await land(
    await workshop(rig, { gates: movingFor(moves + 2) }),
    { ...request, fence: 2 },
    journalInMemory(),
  );
  expect(later).toMatchObject({ ok: true });
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd1"]);
  expect(await remote("ls-tree", "--name-only", "main")).toContain(`stray-${moves - 1}.txt`);
});

test("[D2] work that somebody merged by hand counts as landed without another merge", async () => {
  rig = await makeRig();
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  await remote("update-ref", "refs/heads/main", request.source);
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({ ok: true, proof: { method: "contained", merge: request.source } });
});

test("[D2] a bead that has landed does not land again with other work", async () => {
  rig = await makeRig();
  const first = await finishedWork(rig, "bd1", "one.txt", "1\n");
  expect(await land(await workshop(rig), first, journalInMemory())).toMatchObject({ ok: true });
  const other = await finishedWork(
    rig,
    "bd2",
    "two.txt",
    "2\n",
    { beadId: "bd1", runId: "mg-x", fence: 3 },
    first.sourceBase,
  );
  expect(await land(await workshop(rig), other, journalInMemory())).toMatchObject({
    ok: false,
    error: { code: "already_landed" },
  });
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd1"]);
});

test("[D6] delivery none lands in the store with lane and proof, and sends the remote nothing", async () => {
  rig = await makeRig();
  const before = await remote("for-each-ref");
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n", { delivery: "none" });
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({
    ok: true,
    branchDeleted: true,
    proof: { landedOn: "refs/heads/gastown/landed/main" },
  });
  expect(await remote("for-each-ref")).toBe(before);
  expect(await landings(rig.rig.storeDir, "refs/heads/gastown/landed/main")).toEqual(["bd1"]);
  const base = must(
    await resolveBase(rig.works.history, rig.rig, { target: "main", delivery: "none" }),
  );
  expect(base.ref).toBe("refs/heads/gastown/landed/main");
  const next = await finishedWork(
    rig,
    "bd2",
    "two.txt",
    "2\n",
    { delivery: "none", fence: 2 },
    base.oid,
  );
  expect(await land(await workshop(rig), next, journalInMemory())).toMatchObject({ ok: true });
  expect(await landings(rig.rig.storeDir, "refs/heads/gastown/landed/main")).toEqual([
    "bd2",
    "bd1",
  ]);
});

test("[D6] delivery branch publishes the integration branch, leaves the target alone and takes the target in", async () => {
  rig = await makeRig();
  const one = await finishedWork(rig, "bd1", "one.txt", "1\n", { delivery: "branch" });
  expect(await land(await workshop(rig), one, journalInMemory())).toMatchObject({ ok: true });
  expect(await remote("rev-parse", "main")).toBe(one.sourceBase);
  const stray = await strayCommit(rig, "stray.txt", "s\n");
  must(await fetchRig(rig.git, rig.rig, "main"));
  const base = must(
    await resolveBase(rig.works.history, rig.rig, { target: "main", delivery: "branch" }),
  );
  expect(base.ref).toBe("refs/heads/gastown/landed/main");
  const two = await finishedWork(
    rig,
    "bd2",
    "two.txt",
    "2\n",
    { delivery: "branch", fence: 2 },
    base.oid,
  );
  expect(await land(await workshop(rig), two, journalInMemory())).toMatchObject({ ok: true });
  expect(await remote("rev-parse", "main")).toBe(stray);
  expect(await remote("ls-tree", "--name-only", "gastown/landed/main")).toContain("stray.txt");
  expect(await isIn(rig, stray, "refs/heads/gastown/landed/main")).toBe(true);
  await remote("update-ref", "refs/heads/main", "refs/heads/gastown/landed/main");
  must(await fetchRig(rig.git, rig.rig, "main"));
  expect(
    must(await resolveBase(rig.works.history, rig.rig, { target: "main", delivery: "branch" })).ref,
  ).toBe("refs/heads/main");
});

test("[D6] a clean checkout is moved forward with its files, and no candidate stays in it", async () => {
  rig = await makeRig({ bare: false });
  await write(rig.remoteDir, "untracked.txt", "mine\n");
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({
    ok: true,
    command: null,
    branchDeleted: true,
    proof: { landedOn: "refs/heads/main" },
  });
  expect(await Bun.file(`${rig.remoteDir}/one.txt`).text()).toBe("1\n");
  expect(await remote("status", "--porcelain")).toBe("?? untracked.txt");
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd1"]);
  expect(
    await remote("for-each-ref", "--format=%(refname)", "refs/gastown/candidate", "refs/heads"),
  ).toBe("refs/heads/main");
});

test("[D6] a dirty checkout is not touched: the bead lands beside it and the command is given", async () => {
  rig = await makeRig({ bare: false });
  const request = await finishedWork(rig, "bd1", "one.txt", "1\n");
  await write(rig.remoteDir, "src/a.txt", "my unfinished line\n");
  const result = await land(await workshop(rig), request, journalInMemory());
  expect(result).toMatchObject({
    ok: true,
    command: "git merge --ff-only gastown/landed/main",
    proof: { landedOn: "refs/heads/gastown/landed/main" },
  });
  expect(await Bun.file(`${rig.remoteDir}/src/a.txt`).text()).toBe("my unfinished line\n");
  expect(await remote("rev-parse", "main")).toBe(request.sourceBase);
  expect(await landings(rig.remoteDir, "gastown/landed/main")).toEqual(["bd1"]);
  await remote("checkout", "--quiet", "--", ".");
  await remote("merge", "--quiet", "--ff-only", "gastown/landed/main");
  expect(await Bun.file(`${rig.remoteDir}/one.txt`).text()).toBe("1\n");
});

test("[D6] a checkout that turns dirty while the gates run, or holds an untracked file in the way, is not touched", async () => {
  rig = await makeRig({ bare: false });
  const one = await finishedWork(rig, "bd1", "one.txt", "1\n");
  await write(rig.remoteDir, "one.txt", "in the way\n");
  expect(await land(await workshop(rig), one, journalInMemory())).toMatchObject({
    ok: true,
    proof: { landedOn: "refs/heads/gastown/landed/main" },
  });
  expect(await Bun.file(`${rig.remoteDir}/one.txt`).text()).toBe("in the way\n");
  const two = await finishedWork(rig, "bd2", "two.txt", "2\n", { fence: 2 });
  const gates = {
    run: async () => {
      await write(rig.remoteDir, "src/b.txt", "typing\n");
      return { kind: "green" as const };
    },
  };
  expect(await land(await workshop(rig, { gates }), two, journalInMemory())).toMatchObject({
    ok: true,
    proof: { landedOn: "refs/heads/gastown/landed/main" },
  });
  expect(await Bun.file(`${rig.remoteDir}/src/b.txt`).text()).toBe("typing\n");
  expect(await landings(rig.remoteDir, "gastown/landed/main")).toEqual(["bd2", "bd1"]);
});

test("[D6] a checkout that is on another branch gets the target by push; one with the target in a linked worktree does not", async () => {
  rig = await makeRig({ bare: false });
  await remote("checkout", "--quiet", "-b", "mine");
  const one = await finishedWork(rig, "bd1", "one.txt", "1\n");
  expect(await land(await workshop(rig), one, journalInMemory())).toMatchObject({
    ok: true,
    proof: { landedOn: "refs/heads/main" },
  });
  expect(await remote("status", "--porcelain")).toBe("");
  await remote("worktree", "add", "--quiet", `${rig.dir}/linked`, "main");
  const two = await finishedWork(rig, "bd2", "two.txt", "2\n", { fence: 2 });
  expect(await land(await workshop(rig), two, journalInMemory())).toMatchObject({
    ok: true,
    proof: { landedOn: "refs/heads/gastown/landed/main" },
  });
  expect(await personGit(`${rig.dir}/linked`, "status", "--porcelain")).toBe("");
});

type Request = Parameters<typeof land>[1];
async function withdraw(lost: Request): Promise<void> {
  const request = { ...lost, runId: "mg-2", fence: 2, withdraw: true };
  const end = await land(await workshop(rig), request, journalInMemory());
  expect(end).toMatchObject({ ok: false, error: { code: "withdrawn" } });
}
/** While an engine runs these it is cut off, and another one withdraws the work. */
const withdrawnWithin = (lost: Request): GatesPort => ({
  run: async () => {
    await withdraw(lost);
    return { kind: "green" };
  },
});

test("[D1] after a withdrawal an engine that was cut off before its push lands nothing", async () => {
  rig = await makeRig();
  const lost = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const before = await remote("rev-parse", "main");
  const shop = await workshop(rig, { gates: withdrawnWithin(lost) });
  const late = await land(shop, lost, journalInMemory());
  expect(late).toMatchObject({ ok: false, error: { code: "superseded" } });
  expect(await remote("rev-parse", "main")).toBe(before);
});

test("[D1] after a withdrawal an engine that went beside a changed checkout lands nothing", async () => {
  rig = await makeRig({ bare: false });
  const lost = await finishedWork(rig, "bd1", "one.txt", "1\n");
  await write(rig.remoteDir, "src/a.txt", "my unfinished line\n");
  const shop = await workshop(rig, { gates: withdrawnWithin(lost) });
  expect(await land(shop, lost, journalInMemory())).toMatchObject({ ok: false });
  expect(await remote("branch", "--list", "gastown/landed/main")).toBe("");
});

/** Stops once, just before the checkout of a person is moved to the candidate. */
function heldBeforeMove(meanwhile: () => Promise<void>): Exec {
  let held = false;
  return {
    run: async (argv, options) => {
      if (argv.includes("--ff-only") && !held) {
        held = true;
        await meanwhile();
      }
      return await testExec.run(argv, options);
    },
  };
}

test("[D1] after a withdrawal an engine that was cut off before it moved a checkout lands nothing", async () => {
  rig = await makeRig({ bare: false });
  const lost = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const exec = heldBeforeMove(() => withdraw(lost));
  const late = await land(await workshop(rig, { exec }), lost, journalInMemory());
  expect(late).toMatchObject({ ok: false, error: { code: "superseded" } });
  expect(await landings(rig.remoteDir, "main")).toEqual([]);
  expect(await remote("for-each-ref", "refs/gastown/candidate")).toBe("");
});

test("[D1] work that has landed beside a changed checkout lands in it no more", async () => {
  rig = await makeRig({ bare: false });
  const lost = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const exec = heldBeforeMove(async () => {
    await write(rig.remoteDir, "src/a.txt", "my unfinished line\n");
    const gates: GatesPort = {
      run: async () => {
        // It is clean again before the other engine has pushed.
        await remote("checkout", "--", "src/a.txt");
        expect(await remote("for-each-ref", "refs/gastown/candidate")).toBe("");
        return { kind: "green" };
      },
    };
    const next = { ...lost, runId: "mg-2", fence: 2 };
    const end = await land(await workshop(rig, { gates }), next, journalInMemory());
    expect(end).toMatchObject({ ok: true, proof: { landedOn: "refs/heads/gastown/landed/main" } });
  });
  const late = await land(await workshop(rig, { exec }), lost, journalInMemory());
  expect(late).toMatchObject({ ok: false, error: { code: "superseded" } });
  expect(await landings(rig.remoteDir, "main")).toEqual([]);
  expect(await landings(rig.remoteDir, "gastown/landed/main")).toEqual(["bd1"]);
});

test("[D1] a withdrawal finds the round that landed though a later one was built on it, and needs no head", async () => {
  rig = await makeRig();
  const first = await finishedWork(rig, "bd1", "one.txt", "1\n");
  const landed = await land(await workshop(rig), first, journalInMemory());
  if (!landed.ok) throw new Error(landed.error.message);
  must(await fetchRig(rig.git, rig.rig, "main"));
  const second = await finishedWork(rig, "bd1", "two.txt", "2\n", {}, landed.proof.merge);
  for (const [n, source] of [second.source, "f".repeat(40)].entries()) {
    const asked = { ...second, source, sourceBase: null, withdraw: true };
    const request = { ...asked, runId: `mg-w${n}`, fence: 2 + n };
    const end = await land(await workshop(rig), request, journalInMemory());
    expect(end).toMatchObject({ ok: true, proof: { merge: landed.proof.merge } });
  }
  const nowhere = { ...second, beadId: "bd2", runId: "mg-w2", fence: 4, source: "f".repeat(40) };
  const none = { ...nowhere, sourceBase: null, withdraw: true };
  const end = await land(await workshop(rig), none, journalInMemory());
  expect(end).toMatchObject({ ok: false, error: { code: "withdrawn" } });
});

test("[D6] [C6] other work of a bead that has landed with its convoy is not landed beside it once more, by a town that does not know", async () => {
  rig = await makeRig();
  const own = { delivery: "branch" as const, convoyBranch: "gastown/convoy/all-abc123" };
  const first = await finishedWork(rig, "bd1", "one.txt", "1\n", own);
  // What the town that was put back has made of the same bead.
  const again = { ...(await finishedWork(rig, "bd1b", "two.txt", "2\n", own)), beadId: "bd1" };
  const landed = await land(await workshop(rig), first, journalInMemory());
  if (!landed.ok) throw new Error(landed.error.message);
  const convoy = {
    ...first,
    ...{ beadId: "bd9", runId: "mg-all", fence: 2, delivery: "merge" as const, carries: 1 },
    ...{ source: landed.proof.merge, convoyBranch: null, runBranch: null },
  };
  expect(await land(await workshop(rig), convoy, journalInMemory())).toMatchObject({ ok: true });
  await remote("update-ref", "-d", "refs/heads/gastown/convoy/all-abc123");
  must(await fetchRig(rig.git, rig.rig, "main"));
  for (const [n, where] of [own, { delivery: "merge" as const, convoyBranch: null }].entries()) {
    const request = { ...again, ...where, runId: `mg-again${n}`, fence: 3 + n };
    const end = await land(await workshop(rig), request, journalInMemory());
    expect(end).toMatchObject({ ok: false, error: { code: "already_landed" } });
  }
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd9"]);
});

test("[D6] work of a convoy begins at the target once its branch has landed, though that is still there", async () => {
  rig = await makeRig();
  const own = { delivery: "branch" as const, convoyBranch: "gastown/convoy/all-abc123" };
  const before = await remote("rev-parse", "main");
  const task = await finishedWork(rig, "bd1", "one.txt", "1\n", own);
  const first = await land(await workshop(rig), task, journalInMemory());
  if (!first.ok) throw new Error(first.error.message);
  must(await fetchRig(rig.git, rig.rig, "main"));
  const where = { target: "main", ...own };
  const ahead = must(await resolveBase(rig.works.history, rig.rig, where));
  expect(ahead.ref).toBe(`refs/heads/${own.convoyBranch}`);
  // The landing was returned: its polecat goes on from the tip, on a branch of its own.
  const more = { delivery: "branch" as const, fence: 3 };
  const rework = await finishedWork(rig, "bd3", "three.txt", "3\n", more, first.proof.merge);
  const landing = { ...rework, sourceBase: before };
  const landed = await land(await workshop(rig), landing, journalInMemory());
  if (!landed.ok) throw new Error(landed.error.message);
  must(await fetchRig(rig.git, rig.rig, "main"));
  const base = must(await resolveBase(rig.works.history, rig.rig, where));
  expect(await isIn(rig, landed.proof.merge, base.oid)).toBe(true);
  const next = await finishedWork(rig, "bd4", "four.txt", "4\n", { ...own, fence: 4 }, base.oid);
  const last = await land(await workshop(rig), next, journalInMemory());
  if (!last.ok) throw new Error(last.error.message);
  expect(await isIn(rig, landed.proof.merge, last.proof.merge)).toBe(true);
});

test("[D1] a withdrawal after the push of a lost engine finds the landing and proves it", async () => {
  rig = await makeRig();
  const lost = await finishedWork(rig, "bd1", "one.txt", "1\n");
  expect(await land(await workshop(rig), lost, journalInMemory())).toMatchObject({ ok: true });
  const request = { ...lost, runId: "mg-2", fence: 2, withdraw: true };
  const end = await land(await workshop(rig), request, journalInMemory());
  expect(end).toMatchObject({ ok: true, proof: { merge: await remote("rev-parse", "main") } });
});

test.each(["branch", "none"] as const)(
  "[B6] beads of a convoy land on its branch with delivery %s, and its tip lands on the target at the end",
  async (delivery) => {
    rig = await makeRig();
    const convoyBranch = "gastown/convoy/all-abc123";
    const ref = `refs/heads/${convoyBranch}`;
    const place = delivery === "none" ? rig.rig.storeDir : rig.remoteDir;
    const before = await remote("rev-parse", "main");
    const wish = { target: "main", delivery, convoyBranch };
    const base = async () => must(await resolveBase(rig.works.history, rig.rig, wish));
    expect((await base()).ref).toBe("refs/heads/main");
    const more = { delivery, convoyBranch };
    const one = await finishedWork(rig, "bd1", "one.txt", "1\n", more);
    expect(await land(await workshop(rig), one, journalInMemory())).toMatchObject({
      ok: true,
      proof: { landedOn: ref },
    });
    must(await fetchRig(rig.git, rig.rig, "main"));
    const next = await base();
    expect(next.ref).toBe(ref);
    const two = await finishedWork(rig, "bd2", "two.txt", "2\n", { ...more, fence: 2 }, next.oid);
    const last = await land(await workshop(rig), two, journalInMemory());
    if (!last.ok) throw new Error(last.error.message);
    expect(await landings(place, ref)).toEqual(["bd2", "bd1"]);
    expect(await remote("rev-parse", "main")).toBe(before);
    const landing = {
      ...two,
      ...{ beadId: "bd3", runId: "mg-bd3", fence: 3, title: "Land: all", convoyBranch: null },
      ...{ source: last.proof.merge, sourceBase: before, runBranch: convoyBranch },
    };
    const landed = await land(await workshop(rig), landing, journalInMemory());
    expect(landed).toMatchObject({ ok: true, branchDeleted: true });
    const landedOn = "refs/heads/gastown/landed/main";
    expect(await landings(place, landedOn)).toEqual(["bd3"]);
    const files = await personGit(place, "ls-tree", "-r", "--name-only", landedOn);
    expect(files).toContain("one.txt");
    expect(files).toContain("two.txt");
    // A town that was put back from a backup asks for a bead of it again: its branch is gone, and it has landed.
    const again = { ...one, runId: "mg-again", fence: 4 };
    const found = await land(await workshop(rig), again, journalInMemory());
    expect(found).toMatchObject({ ok: true, proof: { landedOn } });
    expect(await landings(place, landedOn)).toEqual(["bd3"]);
  },
);
