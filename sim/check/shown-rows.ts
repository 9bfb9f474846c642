/** State machines without a history of their own events: rows are read from what is shown before and after a commit. */
import {
  agentAfter,
  agentEvents,
  agentStates,
  type AgentEvent,
  type AgentState,
} from "../../server/model/agents/agent-states.ts";
import {
  questionAfter,
  questionEvents,
  type QuestionEvent,
} from "../../server/model/attention-states.ts";
import {
  turnAfter,
  turnEvents,
  turnStates,
  type TurnEvent,
  type TurnState,
} from "../../server/model/states.ts";
import type { AnyImage, BeadEvent, Image } from "../../protocol/index.ts";
import { rowItem, rowsOf } from "./machines.ts";
import { Violation } from "./violation.ts";

/** Rows that a town can have of agents, questions and turns. */
export function shownRowItems(): string[] {
  return [
    ...rowsOf("agent", agentStates, agentEvents, agentAfter),
    ...rowsOf(
      "question",
      ["open", "answered", "withdrawn"] as const,
      questionEvents,
      questionAfter,
    ),
    ...rowsOf("turn", turnStates, turnEvents, turnAfter),
  ];
}

/** What may have led there, in this order. */
const AGENT_EVENTS: Readonly<Record<AgentState, readonly AgentEvent[]>> = {
  working: ["assigned"],
  idle: ["released"],
  retired: ["released", "retired"],
};

const TURN_STATES: Readonly<Partial<Record<Image<"chat">["state"], TurnState>>> = {
  queued: "pending",
  streaming: "running",
  done: "done",
  failed: "failed",
};

export class ShownRows {
  readonly #agents = new Map<string, AgentState>();
  readonly #questions = new Map<string, Image<"question">>();
  readonly #turns = new Map<string, { state: TurnState; runId: string | null }>();
  readonly #count: (item: string) => void;
  /** Everything has been seen from its beginning. */
  #began = true;

  constructor(count: (item: string) => void) {
    this.#count = count;
  }

  see({ kind, value }: AnyImage): void {
    if (value === null) return;
    if (kind === "agent") this.#agent(value);
    else if (kind === "question") this.#question(value);
    else if (kind === "chat" && value.kind === "mayor") this.#turn(value);
    else if (kind === "event") this.#event(value);
  }

  forget(): void {
    this.#began = false;
    this.#agents.clear();
    this.#questions.clear();
    this.#turns.clear();
  }

  /** What people do to an agent is told in its history, and seldom moves it. */
  #event({ beadId, kind }: BeadEvent): void {
    const state = this.#agents.get(beadId);
    if (state !== undefined && kind === "reset" && agentAfter(state, kind) !== null)
      this.#count(rowItem("agent", state, kind));
  }

  #agent({ id, state, runId }: Image<"agent">): void {
    const isAtWork = state === "working" || runId !== null;
    const now = state === "retired" ? state : isAtWork ? "working" : "idle";
    const before = this.#agents.get(id) ?? this.#first("idle", now);
    this.#agents.set(id, now);
    if (now === before) return;
    let from = before;
    for (const event of AGENT_EVENTS[now]) {
      if (agentAfter(from, event) === null) continue;
      this.#count(rowItem("agent", from, event));
      from = agentAfter(from, event) ?? from;
    }
    if (from !== now)
      throw new Violation("rows", `${id} went from ${before} to ${now}, which has no row`);
  }

  #question(question: Image<"question">): void {
    const { id, state, answeredBy, answeredAt } = question;
    const before = this.#questions.get(id);
    this.#questions.set(id, question);
    const from = before?.state ?? this.#first("open", state);
    if (from === state && (before === undefined || answeredAt === before.answeredAt)) return;
    const event: QuestionEvent =
      state === "withdrawn" ? "source_terminal" : `answered_by_${answeredBy ?? "default"}`;
    if (questionAfter(from, event) !== state)
      throw new Violation("rows", `${id}: ${event} does not lead from ${from} to ${state}`);
    this.#count(rowItem("question", from, event));
  }

  /** What began before the town's data was another begins as it is now. */
  #first<S>(initial: S, now: S): S {
    return this.#began ? initial : now;
  }

  #turn({ id, state, runId }: Image<"chat">): void {
    const now = TURN_STATES[state];
    if (now === undefined) throw new Violation("rows", `${id} is shown as ${state}`);
    const before = this.#turns.get(id) ?? { state: this.#first("pending", now), runId: null };
    this.#turns.set(id, { state: now, runId });
    if (now === before.state && (runId === before.runId || now !== "running")) return;
    for (const event of turnPath(before.state, now)) {
      if (event === null)
        throw new Violation("rows", `${id} went from ${before.state} to ${now}, which has no row`);
      this.#count(rowItem("turn", event.state, event.event));
    }
  }
}

type TurnRow = { state: TurnState; event: TurnEvent };

/** The events that lead there; one commit may give a turn to the next run. Null: there is no way. */
function turnPath(from: TurnState, to: TurnState): (TurnRow | null)[] {
  const last = {
    pending: "run_ended",
    running: "given",
    done: "answered",
    failed: "given_up",
  } as const;
  if (from === "running" && to === "running")
    return [
      { state: "running", event: "run_ended" },
      { state: "pending", event: "given" },
    ];
  const event = last[to];
  return [turnAfter(from, event) === to ? { state: from, event } : null];
}
