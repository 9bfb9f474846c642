/** The live run that a person means when a terminal is asked for. */
import { and, desc, eq, ne } from "drizzle-orm";
import { ok, refuse, shortId, type Result } from "../../protocol/index.ts";
import type { TerminalTarget } from "../core.ts";
import type { Db } from "../store/database.ts";
import { findBead, findRun } from "../store/refs.ts";
import { rowAt } from "../store/rows.ts";
import { runners, runs } from "../store/schema/runs.ts";

/** By a run, or by a bead that has a live one. Errors: `not_found`, `ambiguous`, `offline`. */
export function terminalTarget(
  db: Db,
  isOnline: (runnerId: string) => boolean,
  ref: string,
): Result<TerminalTarget> {
  const found = /^rn[-_]/.test(ref) ? findRun(db, ref) : liveRunOf(db, ref);
  if (!found.ok) return found;
  const { id: runId, state, runnerId, fenceEpoch: epoch, fenceN: n } = found.value;
  if (state === "ended") {
    return refuse(
      "not_found",
      `the run ${shortId(runId)} has ended, and its tree is gone. \`gastown watch agents --once\` lists the live ones.`,
    );
  }
  const runner = rowAt(db, runners, runnerId);
  if (!runner || !isOnline(runnerId)) {
    return refuse("offline", "the runner of that run is not connected now. Try again later.", {
      retryable: true,
    });
  }
  return ok({ runId, fence: { epoch, n }, runnerId, connection: runner.connection });
}

function liveRunOf(db: Db, ref: string): Result<typeof runs.$inferSelect> {
  const bead = findBead(db, ref, ["issue"], "bead");
  if (!bead.ok) return bead;
  const live = db
    .select()
    .from(runs)
    .where(and(eq(runs.beadId, bead.value.id), ne(runs.state, "ended")))
    .orderBy(desc(runs.id))
    .get();
  if (live) return ok(live);
  return refuse(
    "not_found",
    `nobody works on “${bead.value.title}” now: a terminal is there while an agent is at work.`,
  );
}
