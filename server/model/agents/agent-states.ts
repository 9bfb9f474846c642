/** State machine of an agent: who it is lives apart from what it works on. A pair without a target is refused. */
import type { BeadStatus } from "../../../protocol/index.ts";

export const agentStates = ["idle", "working", "retired"] as const;
export type AgentState = (typeof agentStates)[number];

export const agentEvents = ["assigned", "released", "reset", "retired"] as const;
export type AgentEvent = (typeof agentEvents)[number];

const ROWS: Readonly<Record<AgentState, Partial<Record<AgentEvent, AgentState>>>> = {
  idle: { assigned: "working", reset: "idle", retired: "retired" },
  // Its run ends first: `released` says when.
  working: { released: "idle", reset: "working" },
  retired: {},
};

/** The agent's next state, or null when the event is refused in this state. */
export function agentAfter(state: AgentState, event: AgentEvent): AgentState | null {
  return ROWS[state][event] ?? null;
}

/** Projection onto `beads.status`. */
export const AGENT_STATUS: Readonly<Record<AgentState, BeadStatus>> = {
  idle: "open",
  working: "in_progress",
  retired: "closed",
};

/** What its row says. */
export function agentStateOf(row: { runId: string | null; retiredAt: number | null }): AgentState {
  if (row.retiredAt !== null) return "retired";
  return row.runId === null ? "idle" : "working";
}

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

/** The n-th name of a town's agents, from 0. */
export function agentName(n: number): string {
  const base = NAMES[n % NAMES.length] ?? "Amber";
  const lap = Math.floor(n / NAMES.length) + 1;
  return lap === 1 ? base : `${base} ${lap}`;
}
