/**
 * One open terminal as the town holds it: who looks, who writes, how large it is. One writes at a time, and the terminal
 * is as large as that one's window; the others see it at that size.
 */
import { z } from "zod";
import type {
  TerminalFrame,
  TerminalSize,
  TerminalWhat,
} from "../../protocol/entities/terminal.ts";
import { ok, refuse, type Ack, type Result } from "../../protocol/error.ts";
import {
  terminalLineSchema,
  terminalScreenSchema,
  type TerminalOrder,
} from "../../protocol/runner-frames.ts";
import { TerminalAudit, type WriteAudit } from "./terminal-audit.ts";
import { TerminalChannel } from "./terminal-channel.ts";
import { TypedText } from "./typed-text.ts";

/** Output waits for the quickest viewer, so that what it shows has no gap; not for longer than this. */
const HOLD_MS = 1_000;

const nothing = z.null();

/** A connection that looks at terminals. */
export interface TerminalViewer {
  /** Who it is, for the audit. */
  actor: string;
  mayWrite: boolean;
  /** `drawn` is called when the viewer has drawn it. */
  send(frame: TerminalFrame, drawn: () => void): void;
}

/** An order without what the terminal adds to it. */
export type Order = TerminalOrder extends infer O
  ? O extends TerminalOrder
    ? Omit<O, "connection" | "terminalId">
    : never
  : never;
export type AskRunner = <V extends z.ZodType>(order: Order, value: V) => Promise<Ack<z.output<V>>>;

interface Seat {
  viewer: TerminalViewer;
  channel: TerminalChannel;
  wantsToWrite: boolean;
  size: TerminalSize;
}

export interface OpenTerminalParts {
  id: string;
  runId: string;
  what: TerminalWhat;
  size: TerminalSize;
  ask: AskRunner;
  audit: WriteAudit;
  /** Nobody looks any more. */
  onEmpty(): void;
}

export class OpenTerminal {
  readonly id: string;
  readonly #parts: OpenTerminalParts;
  readonly #seats = new Map<TerminalViewer, Seat>();
  readonly #audit: TerminalAudit;
  #typed = new TypedText();
  #writer: Seat | null = null;
  #size: TerminalSize;
  #room: PromiseWithResolvers<void> | null = null;

  constructor(parts: OpenTerminalParts) {
    this.id = parts.id;
    this.#parts = parts;
    this.#size = parts.size;
    this.#audit = new TerminalAudit(parts.runId, parts.audit);
  }

  get isEmpty(): boolean {
    return this.#seats.size === 0;
  }

  has(viewer: TerminalViewer): boolean {
    return this.#seats.has(viewer);
  }

  /** A viewer comes, and is sent the screen. With `writes` it writes when nobody does, with `takes` in any case. */
  join(
    viewer: TerminalViewer,
    wish: { writes: boolean; takes: boolean; size: TerminalSize },
  ): void {
    this.leave(viewer, false);
    const channel = new TerminalChannel({
      terminalId: this.id,
      send: (frame, drawn) => viewer.send(frame, drawn),
      screen: () => this.#parts.ask({ op: "replay" }, terminalScreenSchema),
      onRoom: () => this.#giveRoom(),
    });
    const seat = { viewer, channel, wantsToWrite: wish.writes, size: wish.size };
    this.#seats.set(viewer, seat);
    const takes = wish.writes && (wish.takes || this.#writer === null);
    const does = takes ? "writes" : "looks on";
    this.#audit.note(viewer.actor, "terminal.open", `${this.#parts.what}, ${does}`);
    if (takes) this.#giveTo(seat);
    else this.#tellWriter(seat);
    channel.begin();
  }

  /** Types. Errors: `forbidden` for one who does not write. */
  async type(viewer: TerminalViewer, data: Uint8Array): Promise<Result<null>> {
    if (this.#writer?.viewer !== viewer) {
      return refuse(
        "forbidden",
        "You only look on here: another writes, or nobody. Take over to type.",
      );
    }
    const lines = this.#typed.take(data);
    const wantsLine = lines.length > 0;
    const { actor } = viewer;
    const typed = await this.#parts.ask({ op: "input", data, wantsLine }, terminalLineSchema);
    if (wantsLine) this.#audit.typed(actor, lines, typed.ok ? typed.value.line : null);
    return typed.ok ? ok(null) : typed;
  }

  /** The window of a viewer has another size now; the writer's is the terminal's. */
  resize(viewer: TerminalViewer, size: TerminalSize): void {
    const seat = this.#seats.get(viewer);
    if (seat === undefined) return;
    seat.size = size;
    if (this.#writer === seat) this.#setSize(size);
  }

  /** Takes over from whoever writes. Errors: `forbidden` for one who may not write. */
  take(viewer: TerminalViewer): Result<null> {
    const seat = this.#seats.get(viewer);
    if (!viewer.mayWrite) return refuse("forbidden", "You may only look on here.");
    if (seat === undefined || this.#writer === seat) return ok(null);
    seat.wantsToWrite = true;
    this.#audit.note(viewer.actor, "terminal.take", "");
    this.#giveTo(seat);
    return ok(null);
  }

  /** A viewer goes; who has waited longest to write does so next. */
  leave(viewer: TerminalViewer, isForGood = true): void {
    const seat = this.#seats.get(viewer);
    if (seat === undefined) return;
    seat.channel.close();
    this.#seats.delete(viewer);
    this.#audit.flush();
    this.#giveRoom();
    if (this.#writer === seat) {
      this.#writer = null;
      const next = [...this.#seats.values()].find(({ wantsToWrite }) => wantsToWrite);
      if (next === undefined) this.#seats.forEach((other) => this.#tellWriter(other));
      else this.#giveTo(next);
    }
    if (isForGood && this.isEmpty) this.#parts.onEmpty();
  }

  /** Output of the program. Resolves when the quickest viewer has room for more. */
  async output(at: number, data: Uint8Array): Promise<void> {
    for (const { channel } of this.#seats.values()) channel.output(at, data);
    const following = [...this.#seats.values()].filter(({ channel }) => channel.isFollowing);
    if (following.length === 0 || following.some(({ channel }) => channel.hasRoom)) return;
    this.#room ??= Promise.withResolvers<void>();
    const { promise } = this.#room;
    const late = setTimeout(() => this.#giveRoom(), HOLD_MS);
    await promise;
    clearTimeout(late);
  }

  /** Tells everybody that it has ended, and why. */
  end(message: string): void {
    this.#audit.note("machine", "terminal.end", message);
    for (const { viewer, channel } of this.#seats.values()) {
      channel.close();
      viewer.send({ kind: "ended", terminal: this.id, message }, () => undefined);
    }
    this.#seats.clear();
    this.#giveRoom();
  }

  #giveTo(seat: Seat): void {
    this.#audit.flush();
    this.#writer = seat;
    // What another began to type is not this one's.
    this.#typed = new TypedText();
    this.#seats.forEach((other) => this.#tellWriter(other));
    this.#setSize(seat.size);
  }

  #tellWriter(seat: Seat): void {
    const who = this.#writer === null ? "nobody" : this.#writer === seat ? "you" : "other";
    seat.viewer.send({ kind: "writer", terminal: this.id, who }, () => undefined);
  }

  #setSize(size: TerminalSize): void {
    const { cols, rows } = size;
    if (cols === this.#size.cols && rows === this.#size.rows) return;
    this.#size = { cols, rows };
    void this.#parts.ask({ op: "resize", cols, rows }, nothing);
    for (const { viewer } of this.#seats.values())
      viewer.send({ kind: "size", terminal: this.id, cols, rows }, () => undefined);
  }

  #giveRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}
