/** Agents by a person's word. */
import { eq } from "drizzle-orm";
import { ok } from "../../protocol/index.ts";
import { agentImage } from "../store/images/images.ts";
import { findBead } from "../store/refs.ts";
import { present } from "../store/present.ts";
import { agents } from "../store/schema/beads.ts";
import { bumpVersion, recordEvent } from "../store/writes/beads.ts";
import { setBubble } from "../store/writes/agents.ts";
import { orderStop } from "../store/writes/runs.ts";
import type { Apply } from "./command.ts";

/** Takes an agent off what it does: its run is stopped with the work saved, the bead goes on with another run. */
export const resetAgent: Apply<"agent.reset"> = (tx, body) => {
  const bead = findBead(tx.db, body.agent, ["agent"], "agent");
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const { runId } = present(
    tx.db.select().from(agents).where(eq(agents.beadId, id)).get(),
    `agents row of ${id}`,
  );
  if (runId !== null) orderStop(tx, runId, "stopped_by_person", "its agent was reset");
  setBubble(tx, id, "");
  bumpVersion(tx, id);
  recordEvent(tx, id, "reset", runId === null ? "reset" : "reset: its run is being stopped");
  return ok(present(agentImage(tx.db, id), `agent ${id}`));
};
