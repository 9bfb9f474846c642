import { and, desc, eq, isNull } from "drizzle-orm";
import type { Role } from "../../../protocol/index.ts";
import { agents, beads } from "../schema/beads.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus } from "./beads.ts";

const NAMES = [
  "Amber",
  "Birch",
  "Cobalt",
  "Dune",
  "Ember",
  "Fjord",
  "Garnet",
  "Heron",
  "Indigo",
  "Juniper",
  "Kestrel",
  "Larch",
  "Maple",
  "Nimbus",
  "Onyx",
  "Pebble",
  "Quartz",
  "Raven",
  "Sable",
  "Thistle",
  "Umber",
  "Violet",
  "Willow",
  "Yarrow",
] as const;

/**
 * An idle agent of this role and rig, or a new one: identity lives apart from runs (B9).
 * @param wished the agent that is preferred while it is idle
 */
export function takeAgent(
  tx: Tx,
  role: Role,
  rigId: string | null,
  wished: string | null = null,
): { id: string; name: string } {
  const idle = tx.db
    .select({ id: agents.beadId, name: agents.name })
    .from(agents)
    .innerJoin(beads, eq(beads.id, agents.beadId))
    .where(
      and(
        eq(agents.role, role),
        isNull(agents.runId),
        rigId ? eq(beads.rigId, rigId) : isNull(beads.rigId),
      ),
    )
    .orderBy(desc(eq(agents.beadId, wished ?? "")), beads.createdAt)
    .limit(1)
    .get();
  return idle ?? createAgent(tx, role, rigId);
}

function createAgent(tx: Tx, role: Role, rigId: string | null): { id: string; name: string } {
  const taken = new Set(
    tx.db
      .select({ name: agents.name })
      .from(agents)
      .all()
      .map((row) => row.name),
  );
  const name = role === "mayor" ? "Mayor" : freeName(taken);
  const id = insertBead(tx, { type: "agent", status: "open", title: name, rigId });
  tx.db.insert(agents).values({ beadId: id, name, role }).run();
  return { id, name };
}

function freeName(taken: ReadonlySet<string>): string {
  for (let lap = 1; ; lap++) {
    for (const base of NAMES) {
      const name = lap === 1 ? base : `${base} ${lap}`;
      if (!taken.has(name)) return name;
    }
  }
}

export function assignAgent(
  tx: Tx,
  agentId: string,
  runId: string,
  workBeadId: string | null,
): void {
  tx.db
    .update(agents)
    .set({ runId, workBeadId, bubble: null, lastActivityAt: tx.now })
    .where(eq(agents.beadId, agentId))
    .run();
  projectStatus(tx, agentId, "agent", "in_progress");
  if (workBeadId === null) return;
  tx.db.update(beads).set({ assigneeId: agentId }).where(eq(beads.id, workBeadId)).run();
  tx.touch("issue", workBeadId);
}

/** The agent is idle again, if it still belongs to this run. */
export function releaseAgent(tx: Tx, agentId: string, runId: string): void {
  const freed = tx.db
    .update(agents)
    .set({ runId: null, workBeadId: null, lastActivityAt: tx.now })
    .where(and(eq(agents.beadId, agentId), eq(agents.runId, runId)))
    .returning()
    .all();
  if (freed.length === 0) return;
  projectStatus(tx, agentId, "agent", "open");
  const left = tx.db
    .update(beads)
    .set({ assigneeId: null })
    .where(eq(beads.assigneeId, agentId))
    .returning({ id: beads.id })
    .all();
  for (const { id } of left) tx.touch("issue", id);
}

/** @param bubble null leaves what it says, "" takes it away */
export function setBubble(tx: Tx, agentId: string, bubble: string | null): void {
  tx.db
    .update(agents)
    .set({ lastActivityAt: tx.now, ...(bubble !== null && { bubble: bubble || null }) })
    .where(eq(agents.beadId, agentId))
    .run();
  tx.touch("agent", agentId);
}
