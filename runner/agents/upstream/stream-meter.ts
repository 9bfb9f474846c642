/** Watches a stream of server-sent events go by and lets a dialect read what it tells of usage. Pure. */
import type { UsageReader } from "../dialects/dialect.ts";
import { parseJson } from "../model-usage.ts";

/** The last event of an answer may repeat all of it. A longer one is not worth memory: its usage is lost. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 10;
const DATA = "data:";

export class StreamMeter {
  /** Events with data so far: about one for each token that was answered. */
  events = 0;
  readonly #reader: UsageReader;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #tooLong = false;

  constructor(reader: UsageReader) {
    this.#reader = reader;
  }

  /** Takes the next bytes, cut anywhere. They are not kept longer than their line. */
  watch(chunk: Uint8Array): void {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#add(chunk.subarray(from, at));
      this.#endLine();
      from = at + 1;
    }
    this.#add(chunk.subarray(from));
  }

  #add(piece: Uint8Array): void {
    this.#bytes += piece.byteLength;
    if (this.#bytes > LINE_BYTES_MAX) {
      this.#tooLong = true;
      this.#pieces = [];
    } else if (piece.byteLength > 0) this.#pieces.push(piece);
  }

  #endLine(): void {
    const [first] = this.#pieces;
    if (first !== undefined && !this.#tooLong) {
      const whole = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
      this.#read(Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength));
    }
    this.#pieces = [];
    this.#bytes = 0;
    this.#tooLong = false;
  }

  #read(line: Buffer): void {
    if (!line.subarray(0, DATA.length).equals(DATA_BYTES)) return;
    this.events++;
    if (!line.includes('"usage"') && !line.includes('"error"')) return;
    this.#reader.read(parseJson(line.toString("utf8", DATA.length)));
  }
}

const DATA_BYTES = Buffer.from(DATA);
