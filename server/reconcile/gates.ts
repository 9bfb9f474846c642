/** What keeps a whole rig from being worked on, whatever is free. The same words for all that waits behind it. */
import type { RigView, RunnerView, Snapshot } from "./snapshot.ts";
import type { SlotClass } from "./stages.ts";

export interface Gate {
  text: string;
  untilAt: number | null;
}

/** Runners that take new runs of this rig; of any when no rig is named. */
export function usable(rig: RigView | null, s: Snapshot): RunnerView[] {
  return s.runners.filter(
    (runner) =>
      runner.online &&
      !runner.draining &&
      runner.state === "connected" &&
      (rig === null || runner.isolation === "bwrap" || rig.isolationConfirmed),
  );
}

/** Why no run of this class is offered for the rig, or null. */
export function gateOf(rig: RigView, slot: SlotClass, s: Snapshot): Gate | null {
  if (rig.state === "parked") return gate(`rig ${rig.name} is parked: see its page`);
  const noRunner = runnerGate(rig, s);
  if (slot === "agent" && rig.state === "checking") return baselineGate(rig, noRunner, s);
  if (slot === "agent" && s.modelMissing) return gate(s.modelMissing);
  return noRunner;
}

function baselineGate(rig: RigView, noRunner: Gate | null, s: Snapshot): Gate {
  if (rig.backOffUntil !== null && rig.backOffUntil > s.now) {
    return gate(`the baseline of rig ${rig.name} waits before the next try`, rig.backOffUntil);
  }
  return noRunner ?? gate(`the baseline of rig ${rig.name} is being run`);
}

/**
 * Why no runner takes runs of this rig, or null. While the town observes, its runners may still come: nothing is said of
 * it, or each start would rewrite what every bead waits for.
 */
function runnerGate(rig: RigView, s: Snapshot): Gate | null {
  if (usable(rig, s).length > 0) return null;
  if (s.observingUntil !== null && s.runners.every((runner) => !runner.online)) return null;
  if (usable(null, s).length === 0) return gate("no runner is connected");
  return gate(
    `agents are not isolated on any runner here; confirm it for rig ${rig.name} or install bubblewrap`,
  );
}

function gate(text: string, untilAt: number | null = null): Gate {
  return { text, untilAt };
}
