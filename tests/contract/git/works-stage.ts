/** What the contract of works is shown on: a rig with a remote that others write too. */
import type { RigRepository } from "../../../runner/git/mirror.ts";
import type { Outcome } from "../../../runner/git/outcome.ts";
import type { Oid } from "../../../runner/git/porcelain.ts";
import type { RunRepository } from "../../../runner/git/run-repo.ts";
import type { Works } from "../../../runner/works/works.ts";

export interface WorksStage extends AsyncDisposable {
  works: Works;
  /** The remote holds README.md, src/a.txt, src/b.txt and .gitignore on `main`. */
  remoteUrl: string;
  /** Somebody else's commit of one file on a branch of the remote. */
  stray(path: string, text: string, branch?: string): Promise<Oid>;
  /** Somebody else moves, makes or deletes a ref of the remote. */
  move(ref: string, to: Oid | null): Promise<void>;
  /** Every ref of the remote. */
  remoteRefs(): Promise<ReadonlyMap<string, Oid>>;
  /** From now on the host refuses to write `main`. */
  protectMain(): Promise<void>;
  /** Writes a file into a tree, as an agent or a gate does; null removes it. */
  write(treeDir: string, path: string, text: string | null): Promise<void>;
  read(treeDir: string, path: string): Promise<string | null>;
}

/** `checkout`: the remote is a person's checkout of `main`. */
export type OpenWorks = (options?: { checkout?: boolean }) => Promise<WorksStage>;

export const attribution = {
  author: { name: "Ada Person", email: "ada@example.test" },
  committer: { name: "polecat", email: "polecat@gastown.invalid" },
};
export const nowMs = 1_750_000_000_000;

/** The value of an outcome that must be good. */
export function must<T>(outcome: Outcome<T>): { ok: true } & T {
  if (!outcome.ok) throw new Error(`${outcome.error.code}: ${outcome.error.message}`);
  return outcome;
}

export async function fetchedRig(stage: WorksStage): Promise<{ rig: RigRepository; tip: Oid }> {
  const { rig } = must(await stage.works.rigs.open("rg1", stage.remoteUrl));
  const { targetOid: tip } = must(await stage.works.rigs.fetch(rig, "main"));
  return { rig, tip };
}

export async function newRun(
  stage: WorksStage,
  rig: RigRepository,
  base: Oid,
  runId = "rn1",
): Promise<RunRepository> {
  const wish = { beadId: "bd1", runId, base, targetBranch: "main", attribution };
  return must(await stage.works.trees.create(rig, wish)).run;
}

/** A saved commit of one new file on `base`. */
export async function savedCommit(
  stage: WorksStage,
  rig: RigRepository,
  base: Oid,
  path: string,
  runId = "rn1",
): Promise<Oid> {
  const run = await newRun(stage, rig, base, runId);
  await stage.write(run.treeDir, path, `${path}\n`);
  return must(await stage.works.trees.save(run, { nowMs })).proof.oid;
}
