/** Watches a stream of server-sent events go by and lets a dialect read what it tells of usage. Pure. */
import type { UsageReader } from "../dialects/dialect.ts";
import { parseJson } from "../model-usage.ts";

/** The last event of an answer may repeat all of it. A longer one is not worth memory: its usage is lost. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 10;
const DATA = Buffer.from("data:");
/** What most events do not have, so that they need not be read. */
const TOLD = ['"usage"', '"error"'];
const NOTHING_TOLD = '"usage":null';

export class StreamMeter {
  /** Events with data so far, roughly: about one for each token that was answered. */
  events = 0;
  readonly #reader: UsageReader;
  /** Of a line whose end has not come. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(reader: UsageReader) {
    this.#reader = reader;
  }

  /** Takes the next bytes, cut anywhere. They are not kept longer than their line. */
  watch(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = bytes.lastIndexOf(NEWLINE);
    if (end === -1) return this.#keep(bytes);
    const begin = this.#bytes === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
    if (begin > 0) {
      this.#keep(bytes.subarray(0, begin));
      if (this.#bytes <= LINE_BYTES_MAX) this.#lines(Buffer.concat(this.#pieces));
      this.#pieces = [];
      this.#bytes = 0;
    }
    this.#lines(bytes.subarray(begin, end + 1));
    this.#keep(bytes.subarray(end + 1));
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.byteLength;
    if (this.#bytes > LINE_BYTES_MAX) this.#pieces = [];
    else if (piece.byteLength > 0) this.#pieces.push(piece);
  }

  /** Whole lines. Looked at as one first: in a fast stream there are hundreds. */
  #lines(lines: Buffer): void {
    const tells = TOLD.some((word) => lines.includes(word));
    for (let at = 0; at < lines.byteLength;) {
      const end = lines.indexOf(NEWLINE, at);
      if (lines[at] === DATA[0] && (!tells || this.#isData(lines, at))) {
        this.events++;
        if (tells) this.#read(lines.subarray(at + DATA.byteLength, end));
      }
      at = end + 1;
    }
  }

  #isData(lines: Buffer, at: number): boolean {
    return lines.subarray(at, at + DATA.byteLength).equals(DATA);
  }

  #read(data: Buffer): void {
    if (!data.includes('"error"')) {
      const at = data.indexOf('"usage"');
      // Some endpoints name it in each event. What names it twice is read: an agent may have named the other.
      const isOnly = at === data.lastIndexOf('"usage"');
      if (at === -1 || (isOnly && data.indexOf(NOTHING_TOLD, at) === at)) return;
    }
    this.#reader.read(parseJson(data.toString("utf8")));
  }
}
