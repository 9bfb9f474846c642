import { and, desc, eq, isNull, sql } from "drizzle-orm";
import type { Role } from "../../../protocol/index.ts";
import { agents, beads } from "../schema/beads.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus } from "./beads.ts";
import { addRow, changeRow, rowAt } from "../rows.ts";

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
  return idle(tx.db).get({ role, rigId, wished }) ?? createAgent(tx, role, rigId);
}
const idle = prepared((db) =>
  db
    .select({ id: agents.beadId, name: agents.name })
    .from(agents)
    .innerJoin(beads, eq(beads.id, agents.beadId))
    .where(
      and(
        eq(agents.role, given("role")),
        isNull(agents.runId),
        sql`${beads.rigId} is ${given("rigId")}`,
      ),
    )
    .orderBy(desc(sql`${agents.beadId} is ${given("wished")}`), beads.createdAt)
    .limit(1)
    .prepare(),
);

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
  addRow(tx.db, agents, { beadId: id, name, role });
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
  changeRow(tx.db, agents, agentId, { runId, workBeadId, bubble: null, lastActivityAt: tx.now });
  projectStatus(tx, agentId, "agent", "in_progress");
  if (workBeadId === null) return;
  changeRow(tx.db, beads, workBeadId, { assigneeId: agentId });
  tx.touch("issue", workBeadId);
}

/** The agent is idle again, if it still belongs to this run. */
export function releaseAgent(tx: Tx, agentId: string, runId: string): void {
  if (rowAt(tx.db, agents, agentId)?.runId !== runId) return;
  changeRow(tx.db, agents, agentId, { runId: null, workBeadId: null, lastActivityAt: tx.now });
  projectStatus(tx, agentId, "agent", "open");
  for (const { id } of leave(tx.db).all({ agentId })) tx.touch("issue", id);
}
const leave = prepared((db) =>
  db
    .update(beads)
    .set({ assigneeId: null })
    .where(eq(beads.assigneeId, given("agentId")))
    .returning({ id: beads.id })
    .prepare(),
);

/** @param bubble null leaves what it says, "" takes it away */
export function setBubble(tx: Tx, agentId: string, bubble: string | null): void {
  changeRow(tx.db, agents, agentId, {
    lastActivityAt: tx.now,
    ...(bubble !== null && { bubble: bubble || null }),
  });
  tx.touch("agent", agentId);
}
