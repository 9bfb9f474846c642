import { afterEach, expect, test } from "bun:test";
import type { Exec } from "../../../runner/git/exec.ts";
import { readLane } from "../../../runner/merge/lane.ts";
import { laneRef } from "../../../runner/git/names.ts";
import type { Oid } from "../../../runner/git/porcelain.ts";
import { land } from "../../../runner/merge/engine.ts";
import type { JournalPort } from "../../../runner/merge/journal.ts";
import { testExec } from "../../support/git-exec.ts";
import { type JudgedRequest, landings, workshop } from "../../support/git-landing.ts";
import { journalInMemory } from "../../support/journal.ts";
import {
  attribution,
  makeRig,
  must,
  personGit,
  type RigFixture,
  strayCommit,
  write,
} from "../../support/git-rig.ts";

let rig: RigFixture;
afterEach(() => rig.remove());

// Fences increase per lane, not per bead.
let fences = 0;

class Crash extends Error {}

/** Work of a bead made without a run: a commit on `base` that adds one file, published as its run's branch. */
async function quickWork(beadId: string, base: Oid): Promise<JudgedRequest> {
  const store = rig.rig.storeDir;
  const blob = must2(
    await rig.git.run({
      gitDir: store,
      args: ["hash-object", "-w", "--stdin"],
      stdin: `${beadId}\n`,
    }),
  );
  const index = `${rig.dir}/${beadId}.index`;
  await rig.git.run({ gitDir: store, indexFile: index, args: ["read-tree", base] });
  await rig.git.run({
    gitDir: store,
    indexFile: index,
    args: ["update-index", "--add", "--cacheinfo", `100644,${blob},${beadId}.txt`],
  });
  const tree = must2(await rig.git.run({ gitDir: store, indexFile: index, args: ["write-tree"] }));
  const source = await personGit(store, "commit-tree", tree, "-p", base, "-m", `Work of ${beadId}`);
  const runBranch = `gastown/run/${beadId}/rn1`;
  await personGit(store, "push", "--quiet", rig.remoteDir, `${source}:refs/heads/${runBranch}`);
  return {
    beadId,
    runId: `mg-${beadId}`,
    fence: ++fences,
    fenceIssuer: "tw1-1",
    title: `Title of ${beadId}`,
    source,
    sourceBase: base,
    target: "main",
    delivery: "merge",
    runBranch,
    carries: 0,
    withdraw: false,
    convoyBranch: null,
    attribution,
  };
}

function must2(run: { ok: boolean; text: string }): string {
  if (!run.ok) throw new Error(run.text);
  return run.text.trim();
}

type Countdown = { left: number; readonly seen: string[] };

/** Counts the moments at which a crash makes a difference, and crashes at one of them. */
function moment(countdown: Countdown, name: string): void {
  countdown.seen.push(name);
  if (countdown.left-- === 0) throw new Crash(name);
}

function crashingExec(countdown: Countdown): Exec {
  return {
    async run(argv, options) {
      const verb = argv.find((part) => ["push", "merge", "commit-tree", "fetch"].includes(part));
      if (verb === undefined || verb === "fetch") return await testExec.run(argv, options);
      moment(countdown, `before ${verb}`);
      const result = await testExec.run(argv, options);
      moment(countdown, `after ${verb}`);
      return result;
    },
  };
}

function crashingJournal(journal: JournalPort, countdown: Countdown): JournalPort {
  return {
    load: () => journal.load(),
    async append(entry) {
      moment(countdown, `before ${entry.kind}`);
      await journal.append(entry);
      moment(countdown, `after ${entry.kind}`);
    },
  };
}

/** Who goes on after a crash: the next incarnation, a new run with the old journal, a new run with none. */
const heirs = [
  "same fence, same journal",
  "higher fence, same journal",
  "higher fence, no journal",
] as const;

async function crashAndGoOn(
  beadId: string,
  base: Oid,
  at: number,
  heir: (typeof heirs)[number],
): Promise<{ crashed: string | null }> {
  const request = await quickWork(beadId, base);
  const journal = journalInMemory();
  const countdown: Countdown = { left: at, seen: [] };
  let crashed: string | null = null;
  try {
    await land(
      await workshop(rig, { exec: crashingExec(countdown) }),
      request,
      crashingJournal(journal, countdown),
    );
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    crashed = error.message;
  }
  const next =
    heir === "same fence, same journal"
      ? request
      : { ...request, fence: ++fences, runId: `${request.runId}b` };
  const kept = heir === "higher fence, no journal" ? journalInMemory() : journal;
  expect(await land(await workshop(rig), next, kept)).toMatchObject({
    ok: true,
    proof: { method: "merge", source: request.source },
  });
  // Asked once more, it says the same and does nothing.
  const tip = await personGit(rig.remoteDir, "rev-parse", "main");
  expect(await land(await workshop(rig), next, kept)).toMatchObject({
    ok: true,
    proof: { method: "merge", source: request.source },
  });
  expect(await personGit(rig.remoteDir, "rev-parse", "main")).toBe(tip);
  return { crashed };
}

test("[D2] after a crash at any moment the bead lands exactly once, whoever goes on", async () => {
  rig = await makeRig();
  const base = await personGit(rig.remoteDir, "rev-parse", "main");
  const crashes: string[] = [];
  let beads = 0;
  for (let at = 0; ; at++) {
    const heir = heirs[at % heirs.length] ?? heirs[0];
    const { crashed } = await crashAndGoOn(`bd${beads++}`, base, at, heir);
    if (crashed === null) break;
    crashes.push(crashed);
  }
  const expected = Array.from({ length: beads }, (_, n) => `bd${beads - 1 - n}`);
  expect(await landings(rig.remoteDir, "main")).toEqual(expected);
  expect(await personGit(rig.remoteDir, "for-each-ref", "--format=%(refname)", "refs/heads")).toBe(
    "refs/heads/main",
  );
  for (const kind of [
    "before push",
    "after push",
    "after pushing",
    "before pushed",
    "after pushed",
    "before proved",
    "before cleaned",
  ])
    expect(crashes).toContain(kind);
  const { lane } = must(
    await readLane(rig.works, rig.rig, { url: rig.remoteDir }, "refs/heads/main"),
  );
  expect(lane.mark).not.toBeNull();
}, 180_000);

test("[D6] a crash around the fast-forward of a checkout leaves one landing and a clean checkout", async () => {
  rig = await makeRig({ bare: false });
  const base = await personGit(rig.remoteDir, "rev-parse", "main");
  // The moments from the offer on: the push of the candidate, its journal entry, the merge, its entry.
  for (const [n, heir] of heirs.entries()) {
    const request = await quickWork(`probe${n}`, base);
    const countdown: Countdown = { left: 1_000, seen: [] };
    await land(
      await workshop(rig, { exec: crashingExec(countdown) }),
      request,
      crashingJournal(journalInMemory(), countdown),
    );
    const from = countdown.seen.indexOf("after pushing");
    for (let at = from + n; at <= countdown.seen.indexOf("after pushed"); at += heirs.length) {
      expect((await crashAndGoOn(`bd${n}x${at}`, base, at, heir)).crashed).not.toBeNull();
    }
  }
  const landed = await landings(rig.remoteDir, "main");
  expect(new Set(landed).size).toBe(landed.length);
  expect(landed.length).toBeGreaterThan(8);
  expect(await personGit(rig.remoteDir, "status", "--porcelain")).toBe("");
  expect(
    await personGit(rig.remoteDir, "for-each-ref", "--format=%(refname)", "refs/gastown/candidate"),
  ).toBe("");
}, 180_000);

/** An exec that stops before the push that carries a candidate, until it is let go. */
function pausedBeforeCandidate(): { exec: Exec; reached: Promise<void>; letGo: () => void } {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const exec: Exec = {
    async run(argv, options) {
      if (argv.includes("push") && argv.some((part) => part.endsWith(":refs/heads/main"))) {
        reached.resolve();
        await gate.promise;
      }
      return await testExec.run(argv, options);
    },
  };
  return { exec, reached: reached.promise, letGo: () => gate.resolve() };
}

test("[D2] a stale engine that wakes before its push is refused by the remote, although the target has not moved", async () => {
  rig = await makeRig();
  const request = await quickWork("bd1", await personGit(rig.remoteDir, "rev-parse", "main"));
  const paused = pausedBeforeCandidate();
  const stale = journalInMemory();
  const staleResult = land(await workshop(rig, { exec: paused.exec }), request, stale);
  await paused.reached;
  // The newer run takes the lane and then finds its gates unwell: main stays where it was.
  const gates = { run: () => Promise.resolve({ kind: "infra" as const, message: "no disk" }) };
  const newer = journalInMemory();
  const newerRequest = { ...request, fence: ++fences, runId: "mg-2" };
  expect(await land(await workshop(rig, { gates }), newerRequest, newer)).toMatchObject({
    ok: false,
    error: { code: "gates_infra" },
  });
  paused.letGo();
  expect(await staleResult).toMatchObject({ ok: false, error: { code: "superseded" } });
  expect(stale.entries.map(({ kind }) => kind)).toContain("push_refused");
  expect(await personGit(rig.remoteDir, "rev-parse", "main")).toBe(request.sourceBase);
  expect(await land(await workshop(rig), newerRequest, newer)).toMatchObject({ ok: true });
  expect(
    await land(await workshop(rig), { ...request, runId: "mg-3" }, journalInMemory()),
  ).toMatchObject({ ok: false, error: { code: "superseded" } });
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd1"]);
});

test("[D2] an engine whose lease is gone writes nothing", async () => {
  rig = await makeRig();
  const request = await quickWork("bd1", await personGit(rig.remoteDir, "rev-parse", "main"));
  const before = await personGit(rig.remoteDir, "for-each-ref");
  const result = await land(
    await workshop(rig, { authority: () => Promise.resolve(false) }),
    request,
    journalInMemory(),
  );
  expect(result).toMatchObject({ ok: false, error: { code: "no_authority" } });
  expect(await personGit(rig.remoteDir, "for-each-ref")).toBe(before);
});

test("[D2] engines that race, for one bead and for several, land each bead once while others push too", async () => {
  rig = await makeRig();
  const base = await personGit(rig.remoteDir, "rev-parse", "main");
  const same = await quickWork("bd1", base);
  const other = await quickWork("bd2", base);
  const racers = [
    same,
    { ...same, fence: ++fences, runId: "mg-1b" },
    { ...other, fence: ++fences },
  ];
  const shops = await Promise.all(racers.map(() => workshop(rig)));
  const results = await Promise.all([
    ...racers.map((request, n) => land(shops[n] ?? shops[0]!, request, journalInMemory())),
    strayCommit(rig, "stray.txt", "s\n"),
  ]);
  expect(results[2]).toMatchObject({ ok: true });
  // What was superseded comes back under a newer fence, as the town would send it.
  expect(
    await land(await workshop(rig), { ...same, fence: ++fences, runId: "mg-9" }, journalInMemory()),
  ).toMatchObject({ ok: true });
  const landed = await landings(rig.remoteDir, "main");
  expect(landed.toSorted()).toEqual(["bd1", "bd2"]);
  expect(await personGit(rig.remoteDir, "ls-tree", "--name-only", "main")).toContain("stray.txt");
}, 60_000);

test("[D2] a remote that refuses the branch or the lane gives its own words and no retry", async () => {
  rig = await makeRig();
  const request = await quickWork("bd1", await personGit(rig.remoteDir, "rev-parse", "main"));
  await write(
    rig.remoteDir,
    "hooks/update",
    '#!/bin/sh\ntest "$1" != refs/heads/main || { echo protected >&2; exit 1; }\n',
  );
  await Bun.$`chmod +x ${rig.remoteDir}/hooks/update`.quiet();
  expect(await land(await workshop(rig), request, journalInMemory())).toMatchObject({
    ok: false,
    error: { code: "push_refused", retryable: false },
  });
  await personGit(rig.remoteDir, "config", "transfer.hideRefs", "refs/gastown");
  const hidden = await land(
    await workshop(rig),
    { ...request, fence: ++fences },
    journalInMemory(),
  );
  expect(hidden).toMatchObject({ ok: false, error: { code: "lane_refused", retryable: false } });
  expect(await personGit(rig.remoteDir, "rev-parse", "main")).toBe(request.sourceBase);
});

test("[D2] a lane marked by another town, or by anything else, is taken over and not obeyed", async () => {
  rig = await makeRig();
  const base = await personGit(rig.remoteDir, "rev-parse", "main");
  const foreign = await quickWork("bd1", base);
  expect(
    await land(
      await workshop(rig),
      { ...foreign, fence: 999, fenceIssuer: "tw2-1" },
      journalInMemory(),
    ),
  ).toMatchObject({ ok: true });
  const ours = await quickWork("bd2", base);
  expect(await land(await workshop(rig), ours, journalInMemory())).toMatchObject({ ok: true });
  await personGit(rig.remoteDir, "update-ref", laneRef("refs/heads/main"), base);
  expect(
    await land(await workshop(rig), await quickWork("bd3", base), journalInMemory()),
  ).toMatchObject({ ok: true });
  expect(await landings(rig.remoteDir, "main")).toEqual(["bd3", "bd2", "bd1"]);
});
