import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { Role } from "../../../protocol/index.ts";
import {
  AGENT_STATUS,
  agentAfter,
  agentName,
  agentStateOf,
  type AgentEvent,
  type AgentState,
} from "../../model/agents/agent-states.ts";
import { mails } from "../schema/attention.ts";
import { agents, beads, issues } from "../schema/beads.ts";
import { town } from "../schema/town.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";
import { present } from "../present.ts";
import { moveMail } from "./attention/mails.ts";
import { insertBead, projectStatus, recordEvent } from "./beads.ts";
import { addRow, changeRow, rowAt } from "../rows.ts";

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
  const named = wished === null ? undefined : ifIdle(tx.db).get({ id: wished, role, rigId });
  return named ?? idle(tx.db).get({ role, rigId }) ?? createAgent(tx, role, rigId);
}
// Literals, for the index of idle agents.
const isIdle = sql`${beads.type} = 'agent' and ${beads.status} = 'open' and ${beads.rigId} is ${given("rigId")}`;
const idle = prepared((db) =>
  db
    .select({ id: agents.beadId, name: agents.name })
    .from(beads)
    .innerJoin(agents, eq(beads.id, agents.beadId))
    .where(and(isIdle, eq(agents.role, given("role"))))
    .orderBy(asc(beads.id))
    .limit(1)
    .prepare(),
);
const ifIdle = prepared((db) =>
  db
    .select({ id: agents.beadId, name: agents.name })
    .from(beads)
    .innerJoin(agents, eq(beads.id, agents.beadId))
    .where(and(isIdle, eq(agents.role, given("role")), eq(beads.id, given("id"))))
    .prepare(),
);

function createAgent(tx: Tx, role: Role, rigId: string | null): { id: string; name: string } {
  const name = role === "mayor" ? "Mayor" : nextName(tx);
  const id = insertBead(tx, { type: "agent", status: AGENT_STATUS.idle, title: name, rigId });
  addRow(tx.db, agents, { beadId: id, name, role, idleSince: tx.now });
  return { id, name };
}

/** A name that no agent of the town ever had: history that names one means that one. */
function nextName(tx: Tx): string {
  for (;;) {
    const name = agentName(countName(tx.db).get().n - 1);
    // Towns of earlier versions did not count.
    if (isTaken(tx.db).get({ name }) === undefined) return name;
  }
}
const countName = prepared((db) =>
  db
    .update(town)
    .set({ namesGiven: sql`${town.namesGiven} + 1` })
    .returning({ n: town.namesGiven })
    .prepare(),
);
const isTaken = prepared((db) =>
  db
    .select({ id: agents.beadId })
    .from(agents)
    .where(eq(agents.name, given("name")))
    .limit(1)
    .prepare(),
);

/** The next state of an agent, or null when the event is refused in the present one. */
function after(tx: Tx, agentId: string, event: AgentEvent): AgentState | null {
  const row = present(rowAt(tx.db, agents, agentId), `agent ${agentId}`);
  return agentAfter(agentStateOf(row), event);
}

export function assignAgent(
  tx: Tx,
  agentId: string,
  runId: string,
  workBeadId: string | null,
): void {
  const next = after(tx, agentId, "assigned");
  if (next === null) throw new Error(`agent ${agentId} is not free`);
  const work = { runId, workBeadId, bubble: null, lastActivityAt: tx.now, idleSince: null };
  changeRow(tx.db, agents, agentId, work);
  projectStatus(tx, agentId, "agent", AGENT_STATUS[next]);
  if (workBeadId === null) return;
  changeRow(tx.db, beads, workBeadId, { assigneeId: agentId });
  tx.touch("issue", workBeadId);
}

/** The agent is idle again, if it still belongs to this run. */
export function releaseAgent(tx: Tx, agentId: string, runId: string): void {
  if (rowAt(tx.db, agents, agentId)?.runId !== runId) return;
  const free = { runId: null, workBeadId: null, lastActivityAt: tx.now, idleSince: tx.now };
  changeRow(tx.db, agents, agentId, free);
  projectStatus(tx, agentId, "agent", AGENT_STATUS.idle);
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

/**
 * The agent works no more. What refers to it stays: its runs, its history, its name. Beads that it was wished for wait for
 * it no longer, and messages to it are not delivered any more.
 * @returns false when it is at work or has retired
 */
export function retireAgent(tx: Tx, agentId: string, text: string): boolean {
  const next = after(tx, agentId, "retired");
  if (next === null) return false;
  changeRow(tx.db, agents, agentId, { retiredAt: tx.now, bubble: null });
  projectStatus(tx, agentId, "agent", AGENT_STATUS[next]);
  recordEvent(tx, agentId, "retired", text);
  for (const { id } of unwish(tx.db).all({ agentId })) tx.touch("issue", id);
  for (const { id } of waitingMails(tx.db).all({ agentId }))
    moveMail(tx, id, "expired", "the agent has retired");
  return true;
}
const unwish = prepared((db) =>
  db
    .update(issues)
    .set({ wishedAgentId: null })
    .where(eq(issues.wishedAgentId, given("agentId")))
    .returning({ id: issues.beadId })
    .prepare(),
);
const waitingMails = prepared((db) =>
  db
    .select({ id: mails.beadId })
    .from(mails)
    .where(and(eq(mails.toId, given("agentId")), inArray(mails.state, ["queued", "delivered"])))
    .prepare(),
);

/** @returns false when it has retired */
export function resetAgent(tx: Tx, agentId: string, text: string): boolean {
  if (after(tx, agentId, "reset") === null) return false;
  setBubble(tx, agentId, "");
  recordEvent(tx, agentId, "reset", text);
  return true;
}

/** @param bubble null leaves what it says, "" takes it away */
export function setBubble(tx: Tx, agentId: string, bubble: string | null): void {
  changeRow(tx.db, agents, agentId, {
    lastActivityAt: tx.now,
    ...(bubble !== null && { bubble: bubble || null }),
  });
  tx.touch("agent", agentId);
}

/** How long they may be idle has changed. */
export function touchIdleAgents(tx: Tx): void {
  const idleOnes = tx.db
    .select({ id: beads.id })
    .from(beads)
    .where(sql`${beads.type} = 'agent' and ${beads.status} = 'open'`)
    .all();
  for (const { id } of idleOnes) tx.touch("agent", id);
}
