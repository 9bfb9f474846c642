/** Questions about a rig's repository, which any connected runner with the rig's labels can answer. */
import {
  NO_ENVIRONMENT,
  ok,
  refuse,
  type Browsed,
  type CommandBody,
  type Result,
  type RigSpec,
} from "../../protocol/index.ts";
import type { RunnerPort } from "../core.ts";
import { hasLabels } from "../reconcile/gates.ts";
import type { Db } from "../store/database.ts";
import { findRig } from "../store/refs.ts";
import { runners, type rigs } from "../store/schema/runs.ts";

export interface LookPorts {
  db: Db;
  runners: RunnerPort;
  online: (runnerId: string) => boolean;
}

/** A runner that can be asked about this rig now: one that has its repository, where there is one. */
export function anyOnline(
  { db, online }: LookPorts,
  rig: Pick<typeof rigs.$inferSelect, "id" | "name" | "labels">,
): Result<{ id: string; connection: number }> {
  const there = db
    .select()
    .from(runners)
    .all()
    .filter((runner) => online(runner.id));
  const those = there.filter((runner) => hasLabels(runner, rig));
  const found = those.find(({ warmRigs }) => warmRigs.includes(rig.id)) ?? those[0];
  if (found) return ok({ id: found.id, connection: found.connection });
  const why =
    there.length === 0
      ? "no runner is connected: its copy of the repository is looked into."
      : `no connected runner has the labels that rig ${rig.name} wants: label one, or change the rig.`;
  return refuse("offline", why, { retryable: true });
}

/** A rig as a runner needs it to look into its repository. */
export function lookedAt(rig: typeof rigs.$inferSelect): RigSpec {
  const { id, name, remote, target, delivery, gates, setup } = rig;
  const { egress, lfs, isolationConfirmed } = rig;
  return {
    ...{ id, name, remote, target, delivery, gates, setup, egress, lfs, isolationConfirmed },
    convoyBranch: null,
    savedKept: null,
    environment: NO_ENVIRONMENT,
  };
}

export async function browseRig(
  ports: LookPorts,
  { rig: ref, ...wish }: CommandBody<"rig.browse">,
): Promise<Result<Browsed>> {
  const rig = findRig(ports.db, ref);
  if (!rig.ok) return rig;
  const runner = anyOnline(ports, rig.value);
  if (!runner.ok) return runner;
  const { id, connection } = runner.value;
  return await ports.runners.browse(id, { connection, rig: lookedAt(rig.value), wish });
}
