import type { Exec } from "../../runner/git/exec.ts";
import { openGit } from "../../runner/git/git.ts";
import type { Oid } from "../../runner/git/porcelain.ts";
import { contains } from "../../runner/works/base.ts";
import { gitWorks } from "../../runner/works/git-works.ts";
import { saveWork } from "../../runner/git/saved-work.ts";
import type { GatesPort, Workshop } from "../../runner/merge/workshop.ts";
import type { LandingRequest } from "../../runner/merge/request.ts";
import { join } from "node:path";
import { testExec, testSandbox } from "./git-exec.ts";
import { attribution, makeRun, must, nowMs, personGit, type RigFixture, write } from "./git-rig.ts";

export const greenGates: GatesPort = { run: () => Promise.resolve({ kind: "green" }) };

export async function workshop(
  fixture: RigFixture,
  more: Partial<Workshop> & { exec?: Exec } = {},
): Promise<Workshop> {
  const git = await openGit({
    exec: more.exec ?? testExec,
    home: join(fixture.dir, "home"),
    path: process.env["PATH"] ?? "",
  });
  return {
    works: gitWorks({
      git,
      root: fixture.root,
      sandboxedExec: () => testSandbox,
      personHome: fixture.dir,
    }),
    rig: fixture.rig,
    gates: greenGates,
    clock: { now: () => nowMs },
    authority: () => Promise.resolve(true),
    ...more,
  };
}

/** Of work that is to land: its base is known. */
export type JudgedRequest = LandingRequest & { readonly sourceBase: Oid };

/** Work of one bead, saved in the store and named as its run's branch at the remote (or, for `none`, in the store). */
export async function finishedWork(
  fixture: RigFixture,
  beadId: string,
  path: string,
  text: string,
  more: Partial<JudgedRequest> = {},
  base?: Oid,
): Promise<JudgedRequest> {
  const runId = `rn-${beadId}`;
  const run = await makeRun(fixture, beadId, runId, base);
  await write(run.treeDir, path, text);
  const saved = must(
    await saveWork(run, { git: fixture.git, sandbox: testSandbox, nowMs, message: `Do ${beadId}` }),
  );
  const place = more.delivery === "none" ? fixture.rig.storeDir : fixture.remoteDir;
  await personGit(
    fixture.rig.storeDir,
    "push",
    "--quiet",
    place,
    `${saved.proof.oid}:refs/heads/${run.branch}`,
  );
  return {
    beadId,
    runId: `mg-${beadId}`,
    fence: 1,
    fenceIssuer: "tw1-1",
    title: `Title of ${beadId}`,
    source: saved.proof.oid,
    sourceBase: run.base,
    target: "main",
    delivery: "merge",
    runBranch: run.branch,
    carries: 0,
    withdraw: false,
    convoyBranch: null,
    attribution,
    ...more,
  };
}

/** Bead ids of the first-parent landings of a ref, newest first. */
export async function landings(dir: string, ref: string): Promise<string[]> {
  const text = await personGit(
    dir,
    "log",
    "--first-parent",
    "--merges",
    "--format=%(trailers:key=Bead,valueonly,separator=%x2C)",
    ref,
  );
  return text.split("\n").filter((line) => line !== "");
}

export async function isIn(fixture: RigFixture, oid: Oid, inRef: string): Promise<boolean> {
  return must(await contains(fixture.works.history, fixture.rig, { oid, inRef })).yes;
}
