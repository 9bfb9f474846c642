/** The demo's accident: one agent is killed in mid-work, once, to show that nothing is lost by it. */
import { join } from "node:path";
import type { Run } from "../../protocol/index.ts";
import type { Log, TownCore } from "../../server/core.ts";
import { stopStrays } from "../../runner/process/find-strays.ts";
import { markOwner } from "../../runner/process/mark.ts";
import type { DemoPlan } from "../../demo/demo-script.ts";

/** Watches for the first progress of the victim's first attempt. Returns the way to stop watching. */
export function killVictimOnce(
  core: TownCore,
  plan: DemoPlan,
  dataDir: string,
  log: Log,
): () => void {
  const title = plan.beads.find((bead) => bead.victim === "kill")?.title;
  let done = title === undefined;
  const stop = core.onChanges((_, changes) => {
    if (done) return;
    for (const { image } of changes) {
      if (image.kind !== "run" || image.value === null || !isDue(image.value)) continue;
      if (titleOf(core, image.value) !== title) continue;
      done = true;
      void killAgent(dataDir, image.value.id, log);
      return;
    }
  });
  return stop;
}

/** Attempts are counted for a bead's life: after a restart of the town the second is not the first. */
function isDue(run: Run): boolean {
  return (
    run.kind === "work" &&
    run.state === "running" &&
    run.attempt === 1 &&
    run.lastProgressAt !== null
  );
}

function titleOf(core: TownCore, run: Run): string | null {
  if (run.beadId === null) return null;
  const state = core.topic(`bead:${run.beadId}`);
  if (!state.ok) return null;
  const bead = state.value.items.find((item) => item.kind === "issue" && item.id === run.beadId);
  return bead?.kind === "issue" ? (bead.value?.title ?? null) : null;
}

async function killAgent(dataDir: string, runId: string, log: Log): Promise<void> {
  const killed = await stopStrays({ owner: markOwner(join(dataDir, "runner")), subject: runId }, 0);
  log.info({ runId, pids: killed.map(({ pid }) => pid) }, "the demo has killed this agent");
}
