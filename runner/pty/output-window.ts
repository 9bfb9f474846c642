/**
 * The way of one terminal's output to the town: gathered while it is busy, at once while it is not, and never more on the
 * way than the window holds. Who prints waits for room, but not for ever: then what waits is left out, and the gap shows
 * in the offsets.
 */
import type { Clock } from "../clock.ts";

/** Bytes on the way to the town. */
const WINDOW_BYTES = 768 * 1024;
/** A frame; the wire allows a little more. */
const FRAME_BYTES = 128 * 1024;
/** Gathered before another frame goes out beside one that is on its way. */
const GATHER_BYTES = 48 * 1024;
/** A town that takes nothing for so long does not hold the program up any more. */
const HOLD_MS = 2_000;

export class OutputWindow {
  readonly #clock: Clock;
  /** Resolves when the town has room for as much again. */
  readonly #send: (at: number, data: Uint8Array) => Promise<void>;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #onTheWay = 0;
  #isOpen = false;
  /** The town has let the time pass, and has taken nothing since. */
  #isStalled = false;
  #room: PromiseWithResolvers<void> | null = null;
  #total = 0;

  constructor(clock: Clock, send: (at: number, data: Uint8Array) => Promise<void>) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Bytes printed so far. */
  get total(): number {
    return this.#total;
  }

  /** Somebody takes what is sent: that sets the pace of who prints. */
  get isTaken(): boolean {
    return this.#isOpen && !this.#isStalled;
  }

  /** From here on output is sent. */
  open(): void {
    this.#isOpen = true;
  }

  /** Nobody looks. */
  shut(): void {
    this.#isOpen = false;
    this.#drop();
  }

  /** Takes output; who prints more waits for what it returns. */
  push(bytes: Uint8Array): Promise<void> | void {
    this.#total += bytes.byteLength;
    if (!this.#isOpen) return;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
    this.#pump();
    if (this.#pendingBytes + this.#onTheWay < WINDOW_BYTES) return;
    if (this.#isStalled) return this.#drop();
    return this.#awaitRoom();
  }

  /** Sends what is left, whatever is on its way. */
  finish(): void {
    while (this.#pendingBytes > 0) this.#sendOne();
  }

  #pump(): void {
    while (
      this.#pendingBytes > 0 &&
      this.#onTheWay < WINDOW_BYTES &&
      (this.#onTheWay === 0 || this.#pendingBytes >= GATHER_BYTES)
    )
      this.#sendOne();
  }

  #sendOne(): void {
    const at = this.#total - this.#pendingBytes;
    const data = this.#take(Math.min(this.#pendingBytes, FRAME_BYTES));
    this.#onTheWay += data.byteLength;
    void this.#send(at, data).then(() => {
      this.#onTheWay -= data.byteLength;
      this.#isStalled = false;
      this.#pump();
      if (this.#pendingBytes + this.#onTheWay < WINDOW_BYTES) this.#giveRoom();
      return null;
    });
  }

  #take(count: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let left = count; left > 0;) {
      const [first] = this.#pending;
      if (first === undefined) break;
      const cut = Math.min(left, first.byteLength);
      parts.push(first.subarray(0, cut));
      if (cut === first.byteLength) this.#pending.shift();
      else this.#pending[0] = first.subarray(cut);
      left -= cut;
    }
    this.#pendingBytes -= count;
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  #awaitRoom(): Promise<void> {
    if (this.#room !== null) return this.#room.promise;
    this.#room = Promise.withResolvers<void>();
    const { promise } = this.#room;
    const callOff = this.#clock.after(HOLD_MS, () => {
      this.#isStalled = true;
      this.#drop();
    });
    void promise.then(callOff);
    return promise;
  }

  #drop(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#giveRoom();
  }

  #giveRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }
}
