/** An agent that is up before its run is known: it has its doors, and nobody behind them. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { AgentBehind, AgentDoors } from "../../agents/doors.ts";
import type { AgentDriver } from "../../agents/driver.ts";
import type { WarmTree } from "../../works/warm-tree.ts";
import { agentSpec, ModelEar, modelsOf } from "../agent/agent-spec.ts";
import { Given } from "../given.ts";
import { LateBehind } from "./late-behind.ts";
import type { WarmPlace } from "./warm-place.ts";

export interface WarmAgent {
  readonly driver: AgentDriver;
  readonly doors: AgentDoors;
  /** Hears of the model's calls once a run has begun. */
  readonly ear: ModelEar;
  /** False when it has ended meanwhile. */
  readonly isUp: boolean;
  /** From now on the run stands behind its doors. */
  begin(run: AgentBehind): void;
  /** Ends it. */
  close(): Promise<void>;
}

/**
 * Starts an agent in a tree that waits, up to the point where it takes its first prompt. Null when that failed, which
 * leaves nothing running; the run then starts one itself, and tells why that fails. Aborting ends it.
 */
export async function openWarmAgent(
  place: WarmPlace,
  spec: RunSpecOf<"work">,
  tree: WarmTree,
  signal: AbortSignal,
): Promise<WarmAgent | null> {
  const { clock, log } = place;
  const role = "polecat";
  const { name } = tree;
  const late = new LateBehind({
    ...{ name, role, hasEgress: spec.rig.egress !== "none" },
    models: modelsOf(spec.model),
    now: () => clock.now(),
  });
  const ear = new ModelEar();
  const doors = place.openDoors(late.behind);
  const job = {
    ...({ role, cwd: tree.treeDir, homeDir: tree.homeDir, tmpDir: tree.tmpDir } as const),
    readOnly: [tree.rig.mirrorDir],
    readWrite: [tree.treeDir],
  };
  const variables = new Given(spec).variables();
  const driver = place.createDriver(
    agentSpec(place, { ...spec, runId: name }, { job, doors, ear, variables }),
  );
  if ("missing" in driver) {
    await doors.close();
    return null;
  }
  let isUp = true;
  void driver.exited.then(() => (isUp = false));
  const close = async () => {
    doors.revoke();
    await driver.stop({ graceMs: 0 });
    await doors.close();
  };
  const abort = () => void driver.stop({ graceMs: 0 });
  signal.addEventListener("abort", abort, { once: true });
  const why = await start(driver, late);
  signal.removeEventListener("abort", abort);
  if (why === null && !signal.aborted) {
    const begin = (run: AgentBehind) => late.begin(run);
    return {
      ...{ driver, doors, ear, begin, close },
      get isUp() {
        return isUp;
      },
    };
  }
  if (!signal.aborted) log.warn("no agent could be made ready", { rig: spec.rig.name, why });
  await close();
  return null;
}

/** Why it cannot be used, or null. */
async function start(driver: AgentDriver, late: LateBehind): Promise<string | null> {
  const ready = await driver.prepare();
  if (!ready.ok) return ready.error.message;
  const started = await driver.start();
  if (!started.ok) return started.error.message;
  const rehearsed = await driver.rehearse?.(late.refused);
  return rehearsed === undefined || rehearsed.ok ? null : rehearsed.error.message;
}
