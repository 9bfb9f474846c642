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
  /** Why what is read from now on does not count. */
  #failure: Error | null = null;
  /** Since when a read waits; null: none does. */
  #waitsSince: number | null = null;
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
      const { done, value } = await this.#reader.read();
      this.#waitsSince = null;
      if (this.#failure !== null) throw this.#failure;
      if (done) this.#end();
      return done ? null : value;
    } catch (error) {
      this.cancel();
      throw this.#failure ?? error;
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

  readonly #aborted = (): void => this.#fail(new Error("the call was cancelled"));

  /** Ends the read that waits: a stream that is given up has no more to give. */
  #fail(error: Error): void {
    this.#failure ??= error;
    this.cancel();
  }

  /** One timer for all pieces: it looks how long the read has waited that waits when it fires. */
  #watch(ms: number): void {
    this.#callOff = systemClock.after(ms, () => {
      const waitedMs = this.#waitsSince === null ? 0 : systemClock.mono() - this.#waitsSince;
      if (waitedMs >= this.#silenceMs) this.#fail(new Silent(this.#silenceMs));
      else this.#watch(Math.max(1, this.#silenceMs - waitedMs));
    });
  }

  #end(): void {
    this.#waitsSince = null;
    this.#callOff();
    this.#signal.removeEventListener("abort", this.#aborted);
  }
}
