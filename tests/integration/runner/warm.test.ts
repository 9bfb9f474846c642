// What a runner keeps ready for the next work of a rig: who gets it, and that nothing of it is left.
import { afterEach, expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunLimits, RunSpecOf } from "../../../protocol/run-spec.ts";
import type { HostFigures } from "../../../protocol/run.ts";
import { AGENT_MEMORY_BYTES } from "../../../runner/host/resource-gate.ts";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import { eventually } from "../../kill/eventually.ts";
import { bash, done, eventsOf, polecat, shownIn } from "./one-polecat.ts";
import { MODEL_KEY } from "./small-town.ts";
import { LIMITS, rigSpec, workSpec } from "./specs.ts";
import { openStage, type Stage } from "./stage.ts";
import { oneOfThem } from "../../support/sample.ts";

const long = oneOfThem("what is ready", 5);

const TIMEOUT_MS = 120_000;
const LONG: RunLimits = { ...LIMITS, warmWorkMs: 60_000 };
/** Too short for an agent to wait for the second run of a test. */
const SHORT: RunLimits = { ...LIMITS, warmWorkMs: 1 };

let stage: Stage;
let child: Bun.Subprocess | null = null;
afterEach(async () => {
  child?.kill("SIGTERM");
  await child?.exited;
  child = null;
  await stage.close();
});

const runnerDir = () => join(stage.dataDir, "runner");
const processes = () => findStrays({ owner: markOwner(runnerDir()) });
const waiting = () => readdir(join(runnerDir(), "warm")).catch(() => []);

async function untilReady(times = 1): Promise<void> {
  await eventually("something is ready", async () => {
    const log = await readFile(join(stage.dir, "runner.log"), "utf8");
    return log.split('"ready for the next work"').length > times ? true : undefined;
  });
}

async function untilNothingWaits(): Promise<void> {
  await eventually("nothing is left of it", async () => {
    const left = [...(await processes()), ...(await waiting())];
    return left.length === 0 ? true : undefined;
  });
}

async function offer(spec: RunSpecOf<"work">): Promise<string> {
  await stage.town.until(() => stage.town.hellos[0]);
  expect(await stage.town.offer(spec)).toEqual({ ok: true, value: { accepted: true } });
  return spec.runId;
}

async function doWork(spec: RunSpecOf<"work">): Promise<void> {
  expect(await stage.town.exitOf(await offer(spec))).toMatchObject({ outcome: "done" });
}

/** How the agent of a run came up. */
const startOf = (runId: string) =>
  eventsOf(stage, runId).flatMap((body) =>
    body.kind === "phase" && body.phase === "starting" ? [body.text] : [],
  );

long(() =>
  test(
    "[C21] the next work of a rig gets what was made ready, once: another at the same time starts its own",
    async () => {
      const probe = "env; ls -A ../..; cat /proc/*/environ | tr '\\0' '\\n'";
      // In other letters: the agent itself refuses a line that names outside paths, and that is not the wall we test.
      const hidden = Buffer.from(probe).toString("base64");
      stage = await openStage(
        polecat(
          bash(`echo ${hidden} | base64 -d | sh > seen.txt 2>&1; echo hello > line.txt`),
          done,
        ),
      );
      await stage.start({ slots: 3 });
      const rig = rigSpec(stage.remoteDir);
      const spec = () => workSpec(rig, { limits: LONG });
      await doWork(spec());
      const called = stage.model?.calls().count;
      await untilReady();
      expect(stage.model?.calls().count).toBe(called);
      const [name = ""] = await waiting();
      const agents = (await processes()).filter(({ subject }) => subject === name);
      expect(agents).not.toEqual([]);
      for (const { pid } of agents) {
        const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
        expect(environment).not.toContain(MODEL_KEY);
      }
      const [mine, other] = [spec(), spec()];
      await Promise.all([offer(mine), offer(other)]);
      const ends = await Promise.all([mine, other].map(({ runId }) => stage.town.exitOf(runId)));
      expect(ends.map(({ outcome }) => outcome)).toEqual(["done", "done"]);
      expect(startOf(mine.runId)).toEqual(["Its agent was ready"]);
      expect(startOf(other.runId)).toEqual(["Starting the agent"]);
      const saved = stage.town.of("saved_work", mine.runId).at(-1)?.oid ?? "";
      expect(await shownIn(stage, mine, saved, "line.txt")).toBe("hello");
      const seen = await shownIn(stage, mine, saved, "seen.txt");
      expect(seen).toContain(`HOME=${join(runnerDir(), "warm", name, "home")}`);
      expect(seen).not.toContain(MODEL_KEY);
      expect(seen).not.toContain(other.runId);
    },
    TIMEOUT_MS,
  ),
);

long(() =>
  test(
    "[C21] what nobody takes is let go when its time is over, with its agent and its tree",
    async () => {
      stage = await openStage(polecat(bash("echo hello > line.txt"), done));
      await stage.start();
      const rig = rigSpec(stage.remoteDir);
      await doWork(workSpec(rig, { limits: SHORT }));
      await eventually("a tree waits", async () =>
        (await waiting()).length > 0 ? true : undefined,
      );
      await untilNothingWaits();
      const next = workSpec(rig, { limits: SHORT });
      await doWork(next);
      expect(startOf(next.runId)).toEqual(["Starting the agent"]);
    },
    TIMEOUT_MS,
  ),
);

long(() =>
  test(
    "[C21] a run that demands something else gets nothing of it, and what was made ready goes",
    async () => {
      stage = await openStage(polecat(bash("env > seen.txt; echo hello > line.txt"), done));
      await stage.start();
      const rig = rigSpec(stage.remoteDir);
      await doWork(workSpec(rig, { limits: LONG }));
      await untilReady();
      const [name = ""] = await waiting();
      const environment = { ...rig.environment, variables: { FLAVOUR: "plum" } };
      const changed = workSpec({ ...rig, environment }, { limits: { ...LONG, warmWorkMs: 0 } });
      await doWork(changed);
      expect(startOf(changed.runId)).toEqual(["Starting the agent"]);
      const saved = stage.town.of("saved_work", changed.runId).at(-1)?.oid ?? "";
      expect(await shownIn(stage, changed, saved, "seen.txt")).toContain("FLAVOUR=plum");
      await untilNothingWaits();
      expect(name).not.toBe("");
    },
    TIMEOUT_MS,
  ),
);

long(() =>
  test(
    "[C21] a host that has room for one agent only keeps none ready, and a stopped runner leaves nothing",
    async () => {
      stage = await openStage(polecat(bash("echo hello > line.txt"), done));
      const figures: HostFigures = {
        ...{ cores: 2, load1: 0, memoryBytes: 8e9, diskFreeBytes: 50e9, refuses: null },
        memoryFreeBytes: 2 * AGENT_MEMORY_BYTES - 1,
      };
      const runner = await stage.start({ host: () => figures });
      const rig = rigSpec(stage.remoteDir);
      await doWork(workSpec(rig, { limits: LONG }));
      expect(await waiting()).toEqual([]);
      figures.memoryFreeBytes = 4 * AGENT_MEMORY_BYTES;
      await doWork(workSpec(rig, { limits: LONG }));
      await untilReady();
      await runner.stop("the test wants it");
      expect([...(await waiting()), ...(await processes())]).toEqual([]);
    },
    TIMEOUT_MS,
  ),
);

long(() =>
  test(
    "[C21] of a killed runner no agent that waited lives on, and the next start removes its tree; one that a run had is saved",
    async () => {
      const once = bash("test -e /nowhere; echo hello > line.txt");
      stage = await openStage(polecat(once, bash("sleep 600"), done));
      const start = () => {
        const file = join(import.meta.dir, "runner-child.ts");
        const argv = [process.execPath, file, stage.town.url, stage.dataDir];
        child = Bun.spawn(argv, { stdout: "ignore", stderr: "ignore", env: { ...process.env } });
        return child;
      };
      const first = start();
      const rig = rigSpec(stage.remoteDir);
      const spec = workSpec(rig, { limits: LONG });
      await offer(spec);
      const running = (runId: string) =>
        stage.town.until(() =>
          eventsOf(stage, runId).find(
            (body) =>
              body.kind === "tool" && body.state === "running" && body.arguments.includes("600"),
          ),
        );
      await running(spec.runId);
      await stage.town.stop({
        ...{ runId: spec.runId, fence: spec.fence },
        ...{ outcome: "stopped_by_person", reason: "The test wants it." },
      });
      await stage.town.exitOf(spec.runId);
      const agentOf = async (name: string) =>
        (await processes()).some(({ subject }) => subject === name) ? true : undefined;
      const [name = ""] = await eventually("a tree waits", async () => {
        const names = await waiting();
        return names.length > 0 ? names : undefined;
      });
      await eventually("an agent waits", () => agentOf(name));
      const second = workSpec(rig, { limits: { ...LONG, warmWorkMs: 0 } });
      await offer(second);
      await running(second.runId);
      expect(startOf(second.runId)).toEqual(["Its agent was ready"]);
      first.kill("SIGKILL");
      await first.exited;
      await eventually("its agents are gone", async () =>
        (await processes()).length === 0 ? true : undefined,
      );
      start();
      expect(await stage.town.exitOf(second.runId)).toMatchObject({ outcome: "lost" });
      const saved = stage.town.of("saved_work", second.runId).at(-1)?.oid ?? "";
      expect(await shownIn(stage, second, saved, "line.txt")).toBe("hello");
      expect(await waiting()).toEqual([]);
    },
    TIMEOUT_MS,
  ),
);
