/** One run while this runner holds it: its facts, its stream, its stop order. */
import type { Began } from "../../protocol/entities/began.ts";
import type { AgentEvent, AgentEventBody } from "../../protocol/stream.ts";
import type { FactBody, ExitRecord } from "../../protocol/facts.ts";
import type { Fence, Outcome } from "../../protocol/run.ts";
import type { FailureReason } from "../../protocol/bead.ts";
import type { RunSpec } from "../../protocol/run-spec.ts";
import type { Clock } from "../clock.ts";
import { PROGRESS_EVERY_MS } from "../config.ts";
import type { Holder } from "../git/access/access.ts";
import type { Lease } from "../session/lease.ts";
import type { RunBook } from "../spool/run-book.ts";
import type { Spool } from "../spool/spool.ts";
import { Given } from "./given.ts";
import { MailTray } from "./mail-tray.ts";
import { EventGatherer } from "./event-gatherer.ts";

/** How a run ended, with the facts that belong to the same commit as its exit. */
export interface Ending {
  outcome: Outcome;
  reason: FailureReason | null;
  exit: ExitRecord | null;
  facts: readonly FactBody[];
}

/** Why a run has to end before its work does. */
export interface StopOrder {
  outcome: Outcome;
  code: string;
  message: string;
  /** Time its agent gets to end by itself. */
  graceMs: number;
}

export interface LiveRunDeps {
  spool: Spool;
  book: RunBook;
  lease: Lease;
  clock: Clock;
}

export class LiveRun<S extends RunSpec = RunSpec> {
  readonly spec: S;
  /** What its agent is to be told. */
  readonly mail = new MailTray();
  readonly given: Given;
  readonly #deps: LiveRunDeps;
  readonly #stopping = new AbortController();
  readonly #events: EventGatherer;
  #order: StopOrder | null = null;
  #leave: StopOrder | null = null;
  /** Nothing is under way that is worth waiting for: its agent is not up, or between two turns. */
  #idle: boolean;
  #phase = "accepted";
  #progressAt: number;
  #progressToldAt = Number.NEGATIVE_INFINITY;
  #started = false;
  #began: Began | null = null;
  #moved = false;

  constructor(spec: S, deps: LiveRunDeps) {
    this.spec = spec;
    this.given = new Given(spec);
    this.#deps = deps;
    this.#progressAt = deps.clock.mono();
    this.#idle = "agent" in spec;
    this.#events = new EventGatherer({
      clock: deps.clock,
      put: (events) => this.#putEvents(events),
    });
  }

  get fence(): Fence {
    return this.spec.fence;
  }
  get holder(): Holder {
    const { runId, fence } = this.spec;
    return { runId, fence };
  }
  get phase(): string {
    return this.#phase;
  }
  /** Whether the work ever moved. */
  get moved(): boolean {
    return this.#moved;
  }
  get progressAgoMs(): number {
    return Math.max(0, Math.round(this.#deps.clock.mono() - this.#progressAt));
  }
  /** Aborted when the run has to end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }
  get stopOrder(): StopOrder | null {
    return this.#order;
  }

  /** The first order counts. */
  stop(order: StopOrder): void {
    if (this.#order !== null) return;
    this.#order = order;
    this.#stopping.abort();
  }

  /** It has to end soon: at once when idle, else when it is. */
  leave(order: StopOrder): void {
    this.#leave ??= order;
    if (this.#idle) this.stop(order);
  }

  /** Its agent is between two turns: the moment to leave. */
  rest(): void {
    this.#idle = true;
    if (this.#leave !== null) this.stop(this.#leave);
  }

  /** Its agent has something to do. */
  work(): void {
    this.#idle = false;
  }

  /** Called by a timer too, where a fault would end the whole runner: it ends this run. */
  #putEvents(events: AgentEvent[]): void {
    try {
      this.fact({ kind: "events", events });
    } catch (error) {
      const message = `An event of this run cannot be kept: ${error instanceof Error ? error.message : String(error)}`;
      this.stop({
        outcome: "crashed",
        code: "internal",
        message: message.slice(0, 1_000),
        graceMs: 0,
      });
    }
  }

  /** Keeps a fact; a failure to write it is a bug of the disk and ends the process. */
  fact(body: FactBody): void {
    void this.#deps.spool.append({ runId: this.spec.runId, fence: this.fence, body });
  }

  /** Keeps a fact at once, with `also` in the same commit. */
  factNow(body: FactBody, also: () => void): void {
    this.#deps.spool.appendNow({ runId: this.spec.runId, fence: this.fence, body }, also);
  }

  /** What the run does now, for people and for a later start. */
  enter(phase: string, text = ""): void {
    this.#phase = phase;
    this.#deps.book.setPhase(this.spec.runId, phase);
    this.fact({ kind: "phase", phase });
    this.event({ kind: "phase", phase, text });
  }

  event(body: AgentEventBody, turnId: string | null = null): void {
    this.#events.add(body, turnId);
  }

  notice(level: "normal" | "warning" | "error", text: string): void {
    this.event({ kind: "notice", level, text });
  }

  /** How a rework began: told with its start. */
  begins(began: Began | null): void {
    this.#began = began;
  }

  /** The agent is up and has its first turn. Told once. */
  markStarted(): void {
    if (this.#started) return;
    this.#started = true;
    this.fact({ kind: "started", ...(this.#began && { began: this.#began }) });
  }

  /** The work moved. Told at most once a second. */
  progress(what: "tree" | "tool"): void {
    const now = this.#deps.clock.mono();
    this.#progressAt = now;
    this.#moved = true;
    if (now - this.#progressToldAt < PROGRESS_EVERY_MS) return;
    this.#progressToldAt = now;
    this.fact({ kind: "progress", what });
  }

  /** Something slow by nature is under way, for so long at most; 0: it is over. */
  busy(what: string, forMs: number): void {
    this.fact({ kind: "busy", what: what.slice(0, 80), forMs });
  }

  /** Keeps a note for a later start of the runner. On disk when it returns. */
  remember(memory: Readonly<Record<string, unknown>>): void {
    this.#deps.book.remember(this.spec.runId, memory);
  }

  /**
   * Waits until something outside may be written for this run; false when it has to end first. A run
   * that only leaves this runner may still finish what it is about to write.
   */
  async authority(): Promise<boolean> {
    if (this.#order?.outcome === "evicted" && this.#deps.lease.valid) return true;
    return this.#deps.lease.whenValid(this.signal);
  }

  /** Writes the last facts and the exit in one commit. */
  finish(ending: Ending): void {
    const { runId } = this.spec;
    this.#events.flush();
    for (const body of ending.facts) this.fact(body);
    const { outcome, reason, exit } = ending;
    this.#deps.spool.appendNow(
      { runId, fence: this.fence, body: { kind: "exit", outcome, reason, exit } },
      (seq) => this.#deps.book.end(runId, seq),
    );
  }
}

/** An ending without facts of its own. `source` of a reason is always the runner. */
export function ending(
  outcome: Outcome,
  code: string | null = null,
  message = "",
  more: Partial<Pick<Ending, "exit" | "facts">> & { details?: Record<string, unknown> } = {},
): Ending {
  const reason = code === null ? null : reasonOf(code, message, more.details);
  return { outcome, reason, exit: more.exit ?? null, facts: more.facts ?? [] };
}

export function reasonOf(
  code: string,
  message: string,
  details?: Record<string, unknown>,
): FailureReason {
  return { code, message, source: "runner", ...(details === undefined ? {} : { details }) };
}
