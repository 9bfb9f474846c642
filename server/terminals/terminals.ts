/** The terminals that people have open. They live in memory: a town that starts again has none, and no runner either. */
import { z } from "zod";
import { mayTerminal } from "../../protocol/commands/terminal.ts";
import type {
  terminalOpenSchema,
  TerminalOpened,
  TerminalSize,
  TerminalWhat,
} from "../../protocol/entities/terminal.ts";
import { ok, refuse, type Ack, type Result } from "../../protocol/error.ts";
import type { TerminalNews, TerminalOrder } from "../../protocol/runner-frames.ts";
import type { Caller, Log, TerminalTarget } from "../core.ts";
import { OpenTerminal, type AskRunner, type TerminalViewer } from "./open-terminal.ts";
import type { WriteAudit } from "./terminal-audit.ts";

/** A terminal that nobody looks at is kept for so long: a page that is loaded again finds it. */
const KEPT_MS: Readonly<Record<TerminalWhat, number>> = {
  shell: 10 * 60_000,
  // It holds half a gigabyte, and shows the same when it is opened again.
  agent: 30_000,
};

export interface TerminalsPorts {
  /** The live run that is meant. Errors: `not_found`, `ambiguous`, `offline`. */
  find(ref: string): Result<TerminalTarget>;
  ask<V extends z.ZodType>(
    runnerId: string,
    order: TerminalOrder,
    value: V,
  ): Promise<Ack<z.output<V>>>;
  audit: WriteAudit;
  newId(): string;
  log: Log;
}

interface Known {
  terminal: OpenTerminal;
  key: string;
  runnerId: string;
  what: TerminalWhat;
  runId: string;
  ask: AskRunner;
  timer: ReturnType<typeof setTimeout> | undefined;
}

type Wish = z.output<typeof terminalOpenSchema>;

export class Terminals {
  readonly #ports: TerminalsPorts;
  readonly #known = new Map<string, Known>();
  /** Terminals by run and kind, those included that are being opened. */
  readonly #opening = new Map<string, Promise<Result<Known>>>();

  constructor(ports: TerminalsPorts) {
    this.#ports = ports;
  }

  /** Opens a terminal for a viewer, or lets it join the one that is open. */
  async open(viewer: TerminalViewer, caller: Caller, wish: Wish): Promise<Result<TerminalOpened>> {
    const writes = wish.mode === "write";
    const act = writes ? "terminal.write" : "terminal.watch";
    if (!mayTerminal(act, caller.principal)) return notYours();
    const found = this.#ports.find(wish.run);
    if (!found.ok) return found;
    const size = { cols: wish.cols, rows: wish.rows };
    const opened = await this.#openOrJoin(caller, found.value, wish.what, size);
    if (!opened.ok) return opened;
    const known = opened.value;
    if (!this.#known.has(known.terminal.id))
      return refuse("not_found", "The terminal has ended as soon as it was open. Look at its run.");
    clearTimeout(known.timer);
    known.terminal.join(viewer, { writes, takes: wish.take, size });
    return ok({ terminal: known.terminal.id, runId: known.runId, what: known.what });
  }

  /** A terminal that this viewer looks at. */
  of(viewer: TerminalViewer, terminalId: string): Result<OpenTerminal> {
    const terminal = this.#known.get(terminalId)?.terminal;
    return terminal?.has(viewer) === true
      ? ok(terminal)
      : refuse("not_found", "You have no such terminal open. Open it again.");
  }

  /** The viewer's connection is gone. */
  gone(viewer: TerminalViewer): void {
    for (const { terminal } of this.#known.values()) terminal.leave(viewer);
  }

  /** What a runner says of its terminals. */
  async news(runnerId: string, news: TerminalNews): Promise<Ack<null>> {
    const known = this.#known.get(news.terminalId);
    if (known?.runnerId !== runnerId)
      return refuse("not_found", "The town has no such terminal open.");
    if (news.kind === "output") await known.terminal.output(news.at, news.data);
    else this.#end(known, news.message);
    return ok(null);
  }

  /** The runner's connection has ended, and its terminals with it. */
  runnerGone(runnerId: string): void {
    for (const known of this.#known.values()) {
      if (known.runnerId === runnerId)
        this.#end(known, "The runner lost its connection to the town.");
    }
  }

  /** The town stops. */
  stop(): void {
    for (const known of this.#known.values()) this.#end(known, "The town stops.");
  }

  async #openOrJoin(
    caller: Caller,
    target: TerminalTarget,
    what: TerminalWhat,
    size: TerminalSize,
  ): Promise<Result<Known>> {
    const key = `${target.runId} ${what}`;
    const open = this.#opening.get(key);
    if (open !== undefined) return open;
    if (!mayTerminal("terminal.start", caller.principal)) return notYours();
    const opening = this.#start(key, target, what, size);
    this.#opening.set(key, opening);
    const started = await opening;
    if (!started.ok) this.#opening.delete(key);
    return started;
  }

  async #start(
    key: string,
    target: TerminalTarget,
    what: TerminalWhat,
    size: TerminalSize,
  ): Promise<Result<Known>> {
    const { runId, fence, runnerId, connection } = target;
    const id = this.#ports.newId();
    const ask: AskRunner = (order, value) =>
      this.#ports.ask(runnerId, { ...order, connection, terminalId: id }, value);
    const terminal = new OpenTerminal({
      ...{ id, runId, what, size, ask },
      audit: this.#ports.audit,
      onEmpty: () => this.#emptied(id),
    });
    const known: Known = { terminal, key, runnerId, what, runId, ask, timer: undefined };
    // Before it is asked: its first words may be here before the answer.
    this.#known.set(id, known);
    const opened = await ask({ op: "open", runId, fence, what, ...size }, z.null());
    if (opened.ok) return ok(known);
    this.#known.delete(id);
    return opened;
  }

  #emptied(id: string): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    void known.ask({ op: "pause" }, z.null());
    known.timer = setTimeout(() => this.#close(known), KEPT_MS[known.what]);
  }

  /** The runner tells its end then. */
  #close(known: Known): void {
    // Who comes now gets another.
    this.#opening.delete(known.key);
    void known.ask({ op: "close" }, z.null()).then((closed) => {
      if (!closed.ok) this.#end(known, "It was closed.");
      return null;
    });
  }

  #end(known: Known, message: string): void {
    const { id } = known.terminal;
    if (!this.#known.delete(id)) return;
    if (![...this.#known.values()].some(({ key }) => key === known.key))
      this.#opening.delete(known.key);
    clearTimeout(known.timer);
    this.#ports.log.info(
      { terminal: known.terminal.id, run: known.runId, message },
      "terminal ended",
    );
    known.terminal.end(message);
  }
}

function notYours(): Result<never> {
  return refuse(
    "forbidden",
    "Terminals run what is typed on a runner's host: that needs the right host.exec, which owners have.",
  );
}
