/** Which snapshots a run may hand over: of its own session, of a turn that it was given, by its own program. */
import { refuse, type Snapshot } from "../../../protocol/index.ts";
import type { Db } from "../../store/database.ts";
import { rowAt } from "../../store/rows.ts";
import { runs, turns } from "../../store/schema/runs.ts";

/** Null: it may. */
export function refusalToName(
  db: Db,
  runId: string,
  { turnId, program }: Snapshot,
): ReturnType<typeof refuse> | null {
  const spec = rowAt(db, runs, runId)?.spec;
  const remembers = spec?.kind === "session" || (spec?.kind === "work" && spec.remember);
  if (!remembers) return refuse("forbidden", "this run has no session to keep.");
  if (spec.program !== program) return refuse("forbidden", "this run has another program.");
  if (spec.kind === "work" && turnId === null) return null;
  const isOfRun = turnId !== null && rowAt(db, turns, turnId)?.runId === runId;
  if (spec.kind === "session" && isOfRun) return null;
  return refuse("illegal_transition", "this turn is not one of this run.");
}
