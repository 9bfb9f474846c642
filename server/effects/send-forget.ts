import { eq } from "drizzle-orm";
import type { ForgetFrame } from "../../protocol/index.ts";
import type { RunnerPort } from "../core.ts";
import type { Db } from "../store/database.ts";
import { rowAt } from "../store/rows.ts";
import { beads } from "../store/schema/beads.ts";
import { runs } from "../store/schema/runs.ts";
import { errorText, type Owed, type Sent } from "./sending.ts";

/** Natural key: the run. A runner that has forgotten its saved work already says the same. */
export async function sendForget(
  { db, port }: { db: Db; port: RunnerPort },
  owed: Owed,
  connection: number,
): Promise<Sent> {
  const run = rowAt(db, runs, owed.argument);
  const given = run ? givenBy(run) : null;
  if (!run || (run.savedRef === null && given === null) || isWanted(db, run.beadId))
    return { done: true, apply: () => undefined };
  const ack = await port.forget(owed.runnerId, { connection, runId: run.id, given });
  if (ack.ok) return { done: true, apply: (tx, writes) => writes.forgetSaved(tx, run.id) };
  return { done: false, error: errorText(ack) };
}

/** The bead was reopened meanwhile: its next end owes it anew. */
function isWanted(db: Db, beadId: string | null): boolean {
  if (beadId === null) return false;
  const bead = db.select({ status: beads.status }).from(beads).where(eq(beads.id, beadId)).get();
  return bead !== undefined && bead.status !== "closed";
}

/** What a person gave, and this run was to take. */
function givenBy({ spec, fenceEpoch, fenceN }: typeof runs.$inferSelect): ForgetFrame["given"] {
  if (spec.kind !== "work" || spec.handed === null) return null;
  const { id, remote } = spec.rig;
  return {
    rig: { id, remote },
    beadId: spec.bead.id,
    fence: { epoch: fenceEpoch, n: fenceN },
    isHere: spec.handed.runnerId !== null,
  };
}
