/** Reads an answer's body piece by piece, with a limit to its silence: an aborted fetch does not always end a read. */
import { systemClock } from "../../clock.ts";

/** The endpoint said nothing for too long. */
export class Silent extends Error {
  constructor(ms: number) {
    super(`nothing came for ${Math.round(ms / 1000)} s`);
  }
}

export class AnswerBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #silenceMs: number;
  readonly #signal: AbortSignal;
  /** Fails the read that waits. */
  #fail: ((error: Error) => void) | null = null;
  #waitsSince = 0;
  #callOff: () => void = () => undefined;

  constructor(answer: Response, silenceMs: number, signal: AbortSignal) {
    this.#reader = (answer.body ?? new Blob([]).stream()).getReader();
    this.#silenceMs = silenceMs;
    this.#signal = signal;
    signal.addEventListener("abort", this.#aborted);
    this.#watch(silenceMs);
  }

  /** The next piece, or null at the end. Throws when the endpoint breaks off, is silent, or `signal` aborts. */
  async next(): Promise<Uint8Array | null> {
    try {
      this.#signal.throwIfAborted();
      this.#waitsSince = systemClock.mono();
      const { done, value } = await new Promise<Bun.ReadableStreamDefaultReadResult<Uint8Array>>(
        (resolve, reject) => {
          this.#fail = reject;
          this.#reader.read().then(resolve, reject);
        },
      );
      this.#fail = null;
      if (done) this.#end();
      return done ? null : value;
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  /** The whole of it, or null when it is longer than `bytesMax`. Throws as `next` does. */
  async all(bytesMax: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for (let piece = await this.next(); piece !== null; piece = await this.next()) {
      bytes += piece.byteLength;
      if (bytes > bytesMax) {
        this.cancel();
        return null;
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** Gives the rest up; the endpoint's connection is closed. */
  cancel(): void {
    this.#end();
    // A body that broke off says so once more here.
    this.#reader.cancel().catch(() => undefined);
  }

  readonly #aborted = (): void => this.#fail?.(new Error("the call was cancelled"));

  /** One timer for all pieces: it looks how long the read has waited that waits when it fires. */
  #watch(ms: number): void {
    this.#callOff = systemClock.after(ms, () => {
      const waitedMs = this.#fail === null ? 0 : systemClock.mono() - this.#waitsSince;
      if (waitedMs >= this.#silenceMs) this.#fail?.(new Silent(this.#silenceMs));
      else this.#watch(Math.max(1, this.#silenceMs - waitedMs));
    });
  }

  #end(): void {
    this.#fail = null;
    this.#callOff();
    this.#signal.removeEventListener("abort", this.#aborted);
  }
}
