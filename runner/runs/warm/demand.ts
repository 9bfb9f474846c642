/** What an agent of work is started with, as far as it may be started before its run is known. Pure. */
import type { RunSpecOf } from "../../../protocol/run-spec.ts";

type WorkSpec = RunSpecOf<"work">;

/** Equal for two runs exactly when what was made ready for one may be had by the other. */
export function demandOf({ rig, model, program }: WorkSpec): string {
  const { id, remote, target, egress, lfs, isolationConfirmed } = rig;
  const { variables, ports, toolServers } = rig.environment;
  const ofRig = [id, remote, target, egress, lfs, isolationConfirmed];
  const ofEnvironment = [sorted(variables), ports, sorted(toolServers.polecat)];
  return JSON.stringify([...ofRig, ...ofEnvironment, program, model.model, model.smallModel]);
}

/** Ports are a run's own, and servers of the rig may need what setup makes: with either only the tree is made ready. */
export function agentMayWait({ rig }: WorkSpec): boolean {
  const { ports, toolServers } = rig.environment;
  return ports === 0 && Object.keys(toolServers.polecat).length === 0;
}

function sorted(variables: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
