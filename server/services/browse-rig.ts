/** Questions about a rig's repository, which any connected runner can answer. */
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
import type { Db } from "../store/database.ts";
import { findRig } from "../store/refs.ts";
import { runners, type rigs } from "../store/schema/runs.ts";

export interface LookPorts {
  db: Db;
  runners: RunnerPort;
  online: (runnerId: string) => boolean;
}

/** A runner that can be asked now. */
export function anyOnline({ db, online }: LookPorts): Result<{ id: string; connection: number }> {
  const found = db
    .select({ id: runners.id, connection: runners.connection })
    .from(runners)
    .all()
    .find(({ id }) => online(id));
  if (found) return ok(found);
  return refuse("offline", "no runner is connected: its copy of the repository is looked into.", {
    retryable: true,
  });
}

/** A rig as a runner needs it to look into its repository. */
export function lookedAt(rig: typeof rigs.$inferSelect): RigSpec {
  const { id, name, remote, target, delivery, gates, setup, egress, isolationConfirmed } = rig;
  return {
    ...{ id, name, remote, target, delivery, gates, setup, egress, isolationConfirmed },
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
  const runner = anyOnline(ports);
  if (!runner.ok) return runner;
  const { id, connection } = runner.value;
  return await ports.runners.browse(id, { connection, rig: lookedAt(rig.value), wish });
}
