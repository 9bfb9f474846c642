import type { RigView, RunView } from "./snapshot.ts";

/** Whether what this baseline judges is still what the rig says: settings may change while it runs. */
export function judgesRig({ judges }: RunView, rig: RigView | undefined): boolean {
  if (!rig || judges === null) return false;
  const { target, gates, setup, egress, lfs, environment } = judges;
  // A rig that left the branch to the remote is pinned by its first baseline.
  const sameTarget = target === rig.target || target === "";
  const sameEnvironment = (environment?.version ?? 0) === rig.environment.version;
  const sameCommands = setup === rig.setup && JSON.stringify(gates) === JSON.stringify(rig.gates);
  const sameEgress = JSON.stringify(egress ?? "none") === JSON.stringify(rig.egress);
  const sameLfs = (lfs ?? "pointers") === rig.lfs;
  return sameTarget && sameEnvironment && sameCommands && sameEgress && sameLfs;
}
