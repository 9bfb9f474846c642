// Hosts that leave in the middle of the work, as real processes: what they have goes on elsewhere.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Image } from "../../../protocol/index.ts";
import { personGit } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import {
  openWholeTown,
  untilLanded,
  untilTopic,
  type WholeTown,
} from "../../support/whole-town.ts";
import { hireRunner, type HiredRunner } from "./hired-runner.ts";
import { makeRepository } from "./repositories.ts";
import { oneOfThem } from "../../support/sample.ts";

const long = oneOfThem("runners that leave", 3);

const LIMIT_MS = 300_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

/** The first attempt writes a line and falls silent; the next one hands in what it finds. */
const ENTRIES = [
  {
    role: "polecat" as const,
    attempt: 1,
    turns: [
      {
        text: "# Writing\n",
        tools: [
          {
            name: "bash",
            arguments: { command: "echo first >> kept.txt", description: "Writes" },
          },
        ],
      },
      { text: "# Thinking\n", fault: { kind: "silence" as const } },
    ],
  },
  {
    role: "polecat" as const,
    turns: [
      {
        text: "# Handing in\n",
        tools: [{ name: "gt_done", arguments: { summary: "Went on." } }],
      },
    ],
  },
];

interface Scene {
  remote: string;
  beadId: string;
  /** The run in the middle of its turn. */
  run: Image<"run">;
  at: HiredRunner;
  other: HiredRunner;
}

/** A bead whose agent is in the middle of a turn, on one of two runners. */
async function inMidTurn(town: WholeTown, runners: readonly HiredRunner[]): Promise<Scene> {
  const remote = join(town.dir, "sample");
  await makeRepository(remote, "bare");
  await town.client.call("rig.add", { name: "sample", remote, gates: [], codeReview: false });
  const { id: beadId } = await town.client.call("bead.sling", { rig: "sample", title: "Write" });
  const run = await untilTopic(town, `bead:${beadId}`, (state) =>
    state.all("run").find(({ kind, state: at, lastProgressAt }) => {
      return kind === "work" && at === "running" && lastProgressAt !== null;
    }),
  );
  const at = runners.find(({ id }) => id === run.runnerId);
  const other = runners.find(({ id }) => id !== run.runnerId);
  if (at === undefined || other === undefined) throw new Error("the run is on neither runner");
  return { remote, beadId, run, at, other };
}

/** It landed from the other runner with what the first had written, and nobody is blamed. */
async function expectWentOn(town: WholeTown, { remote, beadId, run, other }: Scene): Promise<void> {
  const landed = await untilLanded(town, beadId);
  expect(landed).toMatchObject({ workAttempts: 0, startFailures: 0, outcome: "landed" });
  expect(await personGit(remote, "show", "gastown/landed/main:kept.txt")).toBe("first");
  const { runs } = await town.client.call("bead.get", { bead: beadId });
  const work = runs.filter(({ kind }) => kind === "work");
  expect(work.map(({ id }) => id)).toContain(run.id);
  expect(work.map(({ runnerId }) => runnerId)).toContain(other.id);
}

long(() =>
  test.skipIf(needsAgent)(
    "[C9] [C20] SIGTERM of a runner in the middle of a polecat's turn: the bead goes on on another runner from the saved work, and no attempt is counted",
    async () => {
      await using town = await openWholeTown({
        args: ["--no-runner"],
        entries: ENTRIES,
        policy: { drainGraceMs: 500 },
      });
      await using one = await hireRunner(town, "one");
      await using two = await hireRunner(town, "two");
      const scene = await inMidTurn(town, [one, two]);
      scene.at.process.kill("SIGTERM");
      const left = await untilTopic(town, "town", (state) =>
        state.all("runner").find(({ id, leavingAt }) => id === scene.at.id && leavingAt !== null),
      );
      expect(left.name).toBe(scene.at.name);
      expect(await scene.at.process.exited).toBe(0);
      await expectWentOn(town, scene);
      expect(await town.client.call("run.get", { run: scene.run.id })).toMatchObject({
        outcome: "evicted",
        reason: { code: "drained" },
      });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C9] [run/evict-away] a runner that a person sets away lets its bead go on elsewhere after the grace, and stays connected",
    async () => {
      await using town = await openWholeTown({
        args: ["--no-runner"],
        entries: ENTRIES,
        policy: { awayGraceMs: 500 },
      });
      await using one = await hireRunner(town, "one");
      await using two = await hireRunner(town, "two");
      const scene = await inMidTurn(town, [one, two]);
      await town.client.call("runner.drain", { runner: scene.at.name, reason: "new memory" });
      await expectWentOn(town, scene);
      const { runners } = await town.client.call("town.status", {});
      expect(runners.find(({ id }) => id === scene.at.id)).toMatchObject({
        state: "connected",
        leavingAt: null,
        away: { by: "person:owner", reason: "new memory" },
      });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C7] [C9] a revoked runner's bead goes on elsewhere at once; the runner ends its agents, keeps their work on its disk, and writes nothing outside",
    async () => {
      await using town = await openWholeTown({ args: ["--no-runner"], entries: ENTRIES });
      await using one = await hireRunner(town, "one");
      await using two = await hireRunner(town, "two");
      const scene = await inMidTurn(town, [one, two]);
      const { at, other, run, beadId, remote } = scene;
      await town.client.call("token.revoke", { id: at.token.id });
      expect(await town.client.call("run.get", { run: run.id })).toMatchObject({
        outcome: "lost",
        reason: { code: "runner_revoked" },
      });
      const next = await untilTopic(town, `bead:${beadId}`, (state) =>
        state.all("run").find(({ kind, id }) => kind === "work" && id !== run.id),
      );
      expect(next.runnerId).toBe(other.id);
      expect(await at.process.exited).toBe(1);
      expect(await new Response(at.process.stderr).text()).toContain("revoked");
      const saved = `refs/gastown/wip/${beadId}/${run.id}`;
      const stores = Array.from(new Bun.Glob("runner/rigs/*/store.git").scanSync(onlyFolders(at)));
      expect(stores).toHaveLength(1);
      const store = join(at.dataDir, stores[0] ?? "");
      expect(await personGit(store, "show", `${saved}:kept.txt`)).toBe("first");
      expect(await personGit(remote, "for-each-ref", saved)).toBe("");
    },
    LIMIT_MS,
  ),
);

const onlyFolders = ({ dataDir }: HiredRunner) => ({ cwd: dataDir, onlyFiles: false });
