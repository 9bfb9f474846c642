/** State machines as histories tell them: every line of a history that is an event has a row in its table. */
import {
  escalationAfter,
  escalationEvents,
  mailAfter,
  mailEvents,
} from "../../server/model/attention-states.ts";
import { convoyAfter, convoyEvents, convoyStates } from "../../server/model/convoy-states.ts";
import {
  moleculeAfter,
  moleculeEvents,
  moleculeStates,
} from "../../server/model/molecules/states.ts";
import {
  issueAfter,
  issueEvents,
  issueStates,
  reviewAfter,
  reviewEvents,
} from "../../server/model/states.ts";
import { triageAfter, triageEvents } from "../../server/model/triage.ts";
import { reviewStateSchema, triageStateSchema, type BeadEvent } from "../../protocol/index.ts";
import { Violation } from "./violation.ts";

interface Machine {
  noun: string;
  states: readonly string[];
  events: readonly string[];
  begins: (text: string) => string;
  after: (state: string, event: string) => string | null;
}

/** By the letters that ids of their beads begin with. */
const MACHINES: Readonly<Record<string, Machine>> = {
  bd: machine("issue", issueStates, issueEvents, issueAfter, "open"),
  mr: machine("review", reviewStateSchema.options, reviewEvents, reviewAfter, "queued"),
  cv: {
    ...machine("convoy", convoyStates, convoyEvents, convoyAfter, "active"),
    begins: (text) => (text.includes("staged") ? "staged" : "active"),
  },
  mo: {
    ...machine("molecule", moleculeStates, moleculeEvents, moleculeAfter, "active"),
    begins: (text) => (text.endsWith(", staged") ? "staged" : "active"),
  },
  es: machine(
    "escalation",
    ["open", "acknowledged", "resolved"] as const,
    escalationEvents,
    escalationAfter,
    "open",
  ),
  tr: machine("triage", triageStateSchema.options, triageEvents, triageAfter, "open"),
  ml: machine(
    "mail",
    ["queued", "delivered", "seen", "expired"] as const,
    mailEvents,
    mailAfter,
    "queued",
  ),
};

function machine<S extends string, E extends string>(
  noun: string,
  states: readonly S[],
  events: readonly E[],
  after: (state: S, event: E) => S | null,
  first: S,
): Machine {
  return {
    ...{ noun, states, events, begins: () => first },
    after: (state, event) => after(state as S, event as E),
  };
}

/** Rows that a town can have: what each machine may do in each of its states. */
export function rowItems(): string[] {
  return Object.values(MACHINES).flatMap(({ noun, states, events, after }) =>
    rowsOf(noun, states, events, after),
  );
}

/** The rows of one table that lead somewhere. */
export function rowsOf<S extends string, E extends string>(
  noun: string,
  states: readonly S[],
  events: readonly E[],
  after: (state: S, event: E) => S | null,
): string[] {
  return states.flatMap((state) =>
    events.flatMap((event) => (after(state, event) === null ? [] : [rowItem(noun, state, event)])),
  );
}

export function rowItem(noun: string, state: string, event: string): string {
  return `row ${noun}: ${event} when ${state}`;
}

export class MachineChecks {
  readonly #states = new Map<string, string>();
  readonly #count: (item: string) => void;

  constructor(count: (item: string) => void) {
    this.#count = count;
  }

  /** Lines of histories, in order. What began before a town's data was another is not followed. */
  see({ beadId, kind, text }: BeadEvent): void {
    const found = MACHINES[beadId.slice(0, 2)];
    if (found === undefined) return;
    if (kind === "created") this.#states.set(beadId, found.begins(text));
    const state = this.#states.get(beadId);
    if (state === undefined || !found.events.includes(kind)) return;
    const next = found.after(state, kind);
    if (next === null)
      throw new Violation(
        "rows",
        `${beadId}: ${kind} has no row for ${found.noun}s that are ${state}`,
      );
    this.#count(rowItem(found.noun, state, kind));
    this.#states.set(beadId, next);
  }

  /** After a commit: the state that is shown is the one that the history tells. */
  shows(id: string, state: string): void {
    const told = this.#states.get(id);
    if (told !== undefined && told !== state)
      throw new Violation("rows", `${id} is ${state}, and its history says ${told}`);
  }

  forget(): void {
    this.#states.clear();
  }
}
