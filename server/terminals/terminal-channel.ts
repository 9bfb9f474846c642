/**
 * One viewer's way to a terminal: output as long as it keeps up, by what it has drawn. One that does not is sent nothing
 * more until it has, and then the screen as it is by then: nobody waits for it.
 */
import type { TerminalFrame } from "../../protocol/entities/terminal.ts";
import type { TerminalScreen } from "../../protocol/runner-frames.ts";
import type { Result } from "../../protocol/error.ts";

/** Bytes sent and not yet drawn. */
const WINDOW_BYTES = 512 * 1024;
/** Bytes waiting for the window; a viewer with more than that has fallen behind. */
const PENDING_BYTES = 1024 * 1024;
/** Output kept while a screen is on its way: what follows the screen is in it. */
const KEPT_BYTES = 2 * 1024 * 1024;
const FRAME_BYTES = 128 * 1024;
/** Between two screens for a viewer that falls behind again and again. */
const SCREEN_EVERY_MS = 250;

export interface ChannelPorts {
  terminalId: string;
  /** `drawn` is called when the viewer has drawn the frame. */
  send(frame: TerminalFrame, drawn: () => void): void;
  /** Asks the runner for the screen. Null: there is none any more. */
  screen(): Promise<Result<TerminalScreen>>;
  /** There is room again. */
  onRoom(): void;
}

export class TerminalChannel {
  readonly #ports: ChannelPorts;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #undrawn = 0;
  /** Offset of the next byte that this viewer needs. */
  #next = 0;
  /** Not in step with the output: waits for a screen, or for the time to ask for one. */
  #state: "following" | "behind" | "asking" = "behind";
  #kept: { at: number; data: Uint8Array }[] = [];
  #keptBytes = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(ports: ChannelPorts) {
    this.#ports = ports;
  }

  get isFollowing(): boolean {
    return this.#state === "following";
  }

  get hasRoom(): boolean {
    return this.isFollowing && this.#undrawn + this.#pendingBytes < WINDOW_BYTES;
  }

  /** The screen, and then what follows it. */
  begin(): void {
    void this.#askScreen();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pending = [];
    this.#kept = [];
  }

  output(at: number, data: Uint8Array): void {
    if (this.#state === "asking") this.#keep(at, data);
    else if (this.#state === "following") this.#follow(at, data);
  }

  #keep(at: number, data: Uint8Array): void {
    this.#kept.push({ at, data });
    this.#keptBytes += data.byteLength;
    while (this.#keptBytes > KEPT_BYTES)
      this.#keptBytes -= this.#kept.shift()?.data.byteLength ?? 0;
  }

  #follow(at: number, data: Uint8Array): void {
    if (at > this.#next) return this.#fallBehind();
    const known = Math.min(this.#next - at, data.byteLength);
    const news = known === 0 ? data : data.subarray(known);
    if (news.byteLength === 0) return;
    this.#next += news.byteLength;
    this.#pending.push(news);
    this.#pendingBytes += news.byteLength;
    this.#pump();
    if (this.#pendingBytes > PENDING_BYTES) this.#fallBehind();
  }

  #fallBehind(): void {
    this.#state = "behind";
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#ports.onRoom();
    this.#catchUp();
  }

  /** Once everything sent is drawn: another screen would only be late too. */
  #catchUp(): void {
    if (this.#closed || this.#state !== "behind" || this.#undrawn > 0) return;
    const waitMs = SCREEN_EVERY_MS - (performance.now() - this.#askedAt);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#askScreen(), Math.max(0, waitMs));
  }

  async #askScreen(): Promise<void> {
    if (this.#closed || this.#state === "asking") return;
    this.#state = "asking";
    this.#kept = [];
    this.#keptBytes = 0;
    this.#askedAt = performance.now();
    const shown = await this.#ports.screen();
    if (this.#closed) return;
    // Without a screen, what comes is all there is.
    if (!shown.ok) this.#next = this.#kept[0]?.at ?? this.#next;
    else {
      const { at, cols, rows, data } = shown.value;
      this.#next = at;
      const { terminalId: terminal } = this.#ports;
      this.#emit({ kind: "screen", terminal, cols, rows, data }, data.byteLength);
    }
    this.#state = "following";
    for (const { at, data } of this.#kept.splice(0)) this.output(at, data);
    this.#ports.onRoom();
  }

  #pump(): void {
    while (this.#pendingBytes > 0 && this.#undrawn < WINDOW_BYTES) {
      const data = this.#take();
      this.#emit({ kind: "output", terminal: this.#ports.terminalId, data }, data.byteLength);
    }
  }

  /** What waits, up to a frame. */
  #take(): Uint8Array {
    let count = 0;
    let bytes = 0;
    for (const part of this.#pending) {
      if (count > 0 && bytes + part.byteLength > FRAME_BYTES) break;
      count += 1;
      bytes += part.byteLength;
    }
    const parts = this.#pending.splice(0, count);
    this.#pendingBytes -= bytes;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  #emit(frame: TerminalFrame, bytes: number): void {
    this.#undrawn += bytes;
    this.#ports.send(frame, () => {
      this.#undrawn -= bytes;
      if (this.#closed) return;
      this.#pump();
      if (this.hasRoom) this.#ports.onRoom();
      this.#catchUp();
    });
  }
}
