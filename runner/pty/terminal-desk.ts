/**
 * The terminals of this runner. They belong to a live run, and to the connection to the town: when either ends, so do
 * they.
 */
import type { TerminalWhat } from "../../protocol/entities/terminal.ts";
import { refuse, type Ack, type Result } from "../../protocol/error.ts";
import { TERMINALS_MAX } from "../../protocol/limits.ts";
import type { Fence } from "../../protocol/run.ts";
import type { TerminalNews, TerminalOrder } from "../../protocol/runner-frames.ts";
import type { Clock } from "../clock.ts";
import type { HostGauge } from "../host/host-gauge.ts";
import type { Log } from "../log.ts";
import type { OpenPty, PtyPlace, PtyProgram } from "./pty.ts";
import type { OpenScreen } from "./screens.ts";
import { Terminal } from "./terminal.ts";

/** What terminals of a run are opened with, while its agent is up. */
export interface RunPlace extends PtyPlace {
  fence: Fence;
  /** The program that shows the agent's live session. Errors: `unsupported` with what there is instead. */
  agentScreen(): Result<PtyProgram>;
}

export interface TerminalDeskPorts {
  clock: Clock;
  log: Log;
  host: HostGauge;
  openPty: OpenPty;
  openScreen: OpenScreen;
}

/** A frame to the town without the number of its connection. */
export type News = TerminalNews extends infer N
  ? N extends TerminalNews
    ? Omit<N, "connection">
    : never
  : never;
/** Resolves when the town has taken it, or is gone. */
export type TellTown = (news: News) => Promise<unknown>;

interface Held {
  runId: string;
  terminal: Terminal;
}

export class TerminalDesk {
  readonly #ports: TerminalDeskPorts;
  readonly #places = new Map<string, RunPlace>();
  readonly #held = new Map<string, Held>();
  /** Why a terminal is being ended, where that is not its program's doing. */
  readonly #reasons = new Map<string, string>();
  /** How often a connection has ended. */
  #cuts = 0;
  #tell: TellTown = () => Promise.resolve();

  constructor(ports: TerminalDeskPorts) {
    this.#ports = ports;
  }

  /** How the town is told. */
  join(tell: TellTown): void {
    this.#tell = tell;
  }

  /** The agent of this run is up: people may come. */
  admit(runId: string, place: RunPlace): void {
    this.#places.set(runId, place);
  }

  /** The run ends: nothing may be typed in its tree any more. Resolves when nothing runs there. */
  async dismiss(runId: string): Promise<void> {
    this.#places.delete(runId);
    await this.#endAll("The run has ended.", (held) => held.runId === runId);
  }

  /** The connection to the town has ended: nobody looks, and nobody may type. */
  async cutOff(): Promise<void> {
    this.#cuts += 1;
    await this.#endAll("The runner lost its connection to the town.", () => true);
  }

  async take(order: TerminalOrder): Promise<Ack<unknown>> {
    if (order.op === "open") return this.#open(order);
    const terminal = this.#held.get(order.terminalId)?.terminal;
    if (terminal === undefined) return refuse("not_found", "That terminal has ended.");
    switch (order.op) {
      case "input":
        return { ok: true, value: { line: await terminal.type(order.data, order.wantsLine) } };
      case "resize":
        terminal.resize(order);
        return done;
      case "replay": {
        const shown = await terminal.replay();
        if (shown !== null) return { ok: true, value: shown };
        return refuse("internal", "The runner cannot draw this screen. Its log says why.");
      }
      case "pause":
        terminal.pause();
        return done;
      case "close":
        this.#reasons.set(order.terminalId, "It was closed.");
        await terminal.close();
        return done;
    }
  }

  async #open(order: Extract<TerminalOrder, { op: "open" }>): Promise<Ack<null>> {
    const { runId, terminalId, cols, rows } = order;
    const place = this.#places.get(runId);
    const mine = place?.fence.epoch === order.fence.epoch && place.fence.n === order.fence.n;
    if (place === undefined || !mine) {
      return refuse(
        "not_found",
        "The agent of that run is not up here: terminals are there from its start to its end.",
      );
    }
    if (this.#held.has(terminalId)) return done;
    const limit = this.#refusal();
    if (limit !== null) return limit;
    const program = this.#program(place, order.what);
    if (!program.ok) return program;
    const cuts = this.#cuts;
    const opened = await Terminal.open(
      {
        ...this.#ports,
        send: async (at, data) => void (await this.#tell({ kind: "output", terminalId, at, data })),
      },
      { runId, place, program: program.value, size: { cols, rows } },
    );
    if (!opened.ok) return opened;
    const terminal = opened.value;
    if (this.#places.get(runId) !== place || this.#cuts !== cuts) {
      await terminal.close();
      return refuse("not_found", "The run, or the connection to the town, ended meanwhile.");
    }
    this.#held.set(terminalId, { runId, terminal });
    this.#ports.log.info("terminal opened", { terminalId, runId, what: order.what });
    void terminal.ended.then((how) => this.#ended(terminalId, how));
    return done;
  }

  #program(place: RunPlace, what: TerminalWhat): Result<PtyProgram | null> {
    return what === "shell" ? { ok: true, value: null } : place.agentScreen();
  }

  #refusal(): Ack<never> | null {
    if (this.#held.size >= TERMINALS_MAX) {
      return refuse(
        "busy",
        `This runner has ${TERMINALS_MAX} terminals open, which is its limit. Close one.`,
      );
    }
    const { refuses } = this.#ports.host();
    if (refuses?.what !== "everything") return null;
    return refuse("busy", `This host takes no more now: ${refuses.why}.`, { retryable: true });
  }

  async #endAll(reason: string, which: (held: Held) => boolean): Promise<void> {
    const ending = [...this.#held].filter(([, held]) => which(held));
    for (const [terminalId] of ending) this.#reasons.set(terminalId, reason);
    await Promise.all(ending.map(([, { terminal }]) => terminal.close()));
  }

  #ended(terminalId: string, how: string): void {
    this.#held.delete(terminalId);
    const message = this.#reasons.get(terminalId) ?? how;
    this.#reasons.delete(terminalId);
    this.#ports.log.info("terminal ended", { terminalId, message });
    void this.#tell({ kind: "ended", terminalId, message: message.slice(0, 1_000) });
  }
}

const done = { ok: true, value: null } as const;
