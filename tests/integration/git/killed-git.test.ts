// A git that somebody kills (the host's memory, a person, a torture) has answered nothing: never "no".
import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import type { Exec, ExecResult, SandboxedExec } from "../../../runner/git/exec.ts";
import { openGit, type Git } from "../../../runner/git/git.ts";
import { fetchRig, hasCommit, openRig } from "../../../runner/git/mirror.ts";
import type { Outcome } from "../../../runner/git/outcome.ts";
import { saveWork } from "../../../runner/git/saved-work.ts";
import { parseRemote } from "../../../runner/git/remote.ts";
import { testExec, testSandbox } from "../../support/git-exec.ts";
import {
  makeRig,
  makeRun,
  must,
  nowMs,
  personGit,
  type RigFixture,
  write,
} from "../../support/git-rig.ts";

let rig: RigFixture;
beforeEach(async () => {
  rig = await makeRig();
});
afterEach(() => rig.remove());

/** Kills the n-th command that it is asked for, from 1 on; 0: none. Counts them all. */
class Killer {
  asked = 0;
  readonly #victim: number;

  constructor(victim: number) {
    this.#victim = victim;
  }

  readonly exec: Exec = { run: (argv, options) => testExec.run(this.#aim(argv), options) };
  readonly sandbox: SandboxedExec = {
    ...testSandbox,
    run: (argv, options): Promise<ExecResult> => testSandbox.run(this.#aim(argv), options),
  };

  git(): Promise<Git> {
    const path = process.env["PATH"] ?? "";
    return openGit({ exec: this.exec, home: join(rig.dir, "killed-home"), path });
  }

  #aim(argv: readonly string[]): readonly string[] {
    this.asked += 1;
    return this.asked === this.#victim ? ["/bin/sh", "-c", "kill -9 $$"] : argv;
  }
}

/** What `act` comes to without a kill, then with each of its commands killed once. */
async function killEach<T>(
  act: (killer: Killer) => Promise<T>,
): Promise<{ whole: T; killed: T[] }> {
  const none = new Killer(0);
  const whole = await act(none);
  const killed: T[] = [];
  for (let victim = 1; victim <= none.asked; victim++) killed.push(await act(new Killer(victim)));
  return { whole, killed };
}

/** The value, or that it may come to another one later. */
function saidBy<T>(outcome: Outcome<T>): unknown {
  return outcome.ok ? outcome : { retryable: outcome.error.retryable, code: outcome.error.code };
}
const mayPass = { retryable: true, code: "git_failed" };

test("[C6] [R3] whichever git of a look at a repository is killed, the repository is not called none", async () => {
  const { remote } = must(await parseRemote(rig.remoteDir));
  const { whole, killed } = await killEach(async (killer) => {
    const git = await killer.git();
    const opened = await openRig(git, rig.root, "rg1", remote);
    if (!opened.ok) return saidBy(opened);
    const fetched = await fetchRig(git, opened.rig, "main");
    return saidBy(fetched.ok ? { ok: true, targetOid: fetched.targetOid } : fetched);
  });
  expect(whole).toMatchObject({ ok: true });
  expect(killed.length).toBeGreaterThan(2);
  for (const said of killed) expect([whole, mayPass]).toContainEqual(said);
});

test("[C6] a killed git does not say that a commit is absent", async () => {
  const head = await personGit(rig.rig.storeDir, "rev-parse", "refs/remotes/origin/main");
  const { killed } = await killEach(async (killer) =>
    saidBy(await hasCommit(await killer.git(), rig.rig.storeDir, head)),
  );
  expect(killed).toEqual([mayPass]);
});

test("[C20] whichever git of a save is killed, the same work is saved, with the agent's commits", async () => {
  const run = await makeRun(rig, "bd1", "rn1");
  await write(run.treeDir, "committed.txt", "by the agent\n");
  await write(run.treeDir, "build/forced.txt", "ignored, and added all the same\n");
  await personGit(run.treeDir, "add", "-f", "committed.txt", "build/forced.txt");
  await personGit(run.treeDir, "commit", "--quiet", "-m", "Mine");
  await write(run.treeDir, "build/staged.txt", "ignored, and staged\n");
  await personGit(run.treeDir, "add", "-f", "build/staged.txt");
  await write(run.treeDir, "left.txt", "not committed\n");
  const { whole, killed } = await killEach(async (killer) => {
    const { sandbox } = killer;
    const saved = must(await saveWork(run, { git: await killer.git(), sandbox, nowMs }));
    const { agentHead, commitsDropped, unsaved, proof } = saved;
    return { agentHead, commitsDropped, unsaved, tree: proof.tree };
  });
  expect(whole).toMatchObject({ commitsDropped: null, unsaved: [] });
  expect(whole.agentHead).toBe(await personGit(run.treeDir, "rev-parse", "HEAD"));
  expect(killed.length).toBeGreaterThan(15);
  for (const said of killed) expect(said).toEqual(whole);
}, 60_000);
