/**
 * The way of a terminal's output to its screen: as it comes while that keeps up, and at a bounded rate when it does not.
 * What is left out then is the oldest; switches in it (alternate screen, cursor, mouse) are kept.
 */
import type { Clock } from "../clock.ts";

/** Most that the screen is given in one tick, so that a flood costs a part of one processor. */
const TICK_MS = 40;
const TICK_BYTES = 160 * 1024;
/** Waiting for the screen; more is cut to half of it. */
const BACKLOG_BYTES = 1024 * 1024;
/** Ends a sequence that was cut in its middle. */
const CANCEL = "\u0018";
const SWITCH = /\u001b\[\?[0-9;]{1,20}[hl]/g;
/** Distinct switches that are remembered of what is left out. */
const SWITCHES_MAX = 64;

export class ScreenFeed {
  readonly #clock: Clock;
  readonly #write: (bytes: Uint8Array) => void;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #spent = 0;
  #timer: (() => void) | null = null;
  #room: PromiseWithResolvers<void> | null = null;
  #leftOut = 0;

  constructor(clock: Clock, write: (bytes: Uint8Array) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Bytes that the screen never saw. */
  get leftOut(): number {
    return this.#leftOut;
  }

  push(bytes: Uint8Array): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    this.#pump();
    if (this.#pendingBytes > BACKLOG_BYTES) this.#cut(BACKLOG_BYTES / 2);
  }

  /** Resolves when the screen has taken what waits for it: for who prints while nobody looks. */
  ready(): Promise<void> | void {
    if (this.#pendingBytes === 0) return;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Gives the screen everything at once: it is about to be looked at. */
  flush(): void {
    for (const bytes of this.#pending.splice(0)) this.#write(bytes);
    this.#pendingBytes = 0;
    this.#room?.resolve();
    this.#room = null;
  }

  close(): void {
    this.#timer?.();
    this.#timer = null;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#room?.resolve();
  }

  #pump(): void {
    while (this.#spent < TICK_BYTES) {
      const bytes = this.#pending.shift();
      if (bytes === undefined) break;
      this.#pendingBytes -= bytes.byteLength;
      this.#spent += bytes.byteLength;
      this.#write(bytes);
    }
    if (this.#pendingBytes === 0) {
      this.#room?.resolve();
      this.#room = null;
    }
    if (this.#spent === 0 || this.#timer !== null) return;
    this.#timer = this.#clock.after(TICK_MS, () => {
      this.#timer = null;
      this.#spent = 0;
      this.#pump();
    });
  }

  #cut(keepBytes: number): void {
    const switches = new Map<string, string>();
    while (this.#pendingBytes > keepBytes) {
      const bytes = this.#pending.shift();
      if (bytes === undefined) break;
      this.#pendingBytes -= bytes.byteLength;
      this.#leftOut += bytes.byteLength;
      // Memory is searched in no time; only what has one is read as text.
      if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes("\u001b[?"))
        continue;
      for (const [text] of Buffer.from(bytes).toString("latin1").matchAll(SWITCH)) {
        const name = text.slice(0, -1);
        switches.delete(name);
        if (switches.size < SWITCHES_MAX) switches.set(name, text);
      }
    }
    const kept = Buffer.from(`${CANCEL}${[...switches.values()].join("")}`, "latin1");
    this.#pending.unshift(kept);
    this.#pendingBytes += kept.byteLength;
  }
}
