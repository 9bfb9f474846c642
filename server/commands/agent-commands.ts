/** Agents by a person's word. */
import { ok, refuse, type Agent } from "../../protocol/index.ts";
import { agentImage } from "../store/images/images.ts";
import { present } from "../store/present.ts";
import { rowAt } from "../store/rows.ts";
import { agents } from "../store/schema/beads.ts";
import type { Tx } from "../store/tx.ts";
import { resetAgent as reset, retireAgent as retire } from "../store/writes/agents.ts";
import { bumpVersion } from "../store/writes/beads.ts";
import { orderStop } from "../store/writes/runs.ts";
import type { Apply } from "./command.ts";
import { findAt } from "./find-bead.ts";

function rowOf(tx: Tx, id: string): typeof agents.$inferSelect {
  return present(rowAt(tx.db, agents, id), `agents row of ${id}`);
}

function shown(tx: Tx, id: string): Agent {
  return present(agentImage(tx.db, id), `agent ${id}`);
}

/** Takes an agent off what it does: its run is stopped with the work saved, the bead goes on with another run. */
export const resetAgent: Apply<"agent.reset"> = (tx, body) => {
  const bead = findAt(tx, body.agent, ["agent"], "agent", body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const { runId } = rowOf(tx, id);
  if (!reset(tx, id, runId === null ? "reset" : "reset: its run is being stopped"))
    return refuse("illegal_transition", "it has retired: another agent does its work.");
  if (runId !== null) orderStop(tx, runId, "stopped_by_person", "its agent was reset");
  bumpVersion(tx, id);
  return ok(shown(tx, id));
};

export const retireAgent: Apply<"agent.retire"> = (tx, body) => {
  const bead = findAt(tx, body.agent, ["agent"], "agent", body.version);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  const { role, runId } = rowOf(tx, id);
  if (role === "mayor")
    return refuse("illegal_transition", "a town has one Mayor: it does not retire.");
  if (runId !== null)
    return refuse("busy", "it is at work: reset it first, which saves the work.", {
      retryable: true,
    });
  if (!retire(tx, id, "retired by a person"))
    return refuse("illegal_transition", "it has retired already: nothing is left to do.");
  bumpVersion(tx, id);
  return ok(shown(tx, id));
};
