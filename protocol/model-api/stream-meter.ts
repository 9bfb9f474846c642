/** Watches a stream of server-sent events go by and lets a dialect read what it tells of usage. Pure. */
import type { UsageReader } from "./dialect.ts";
import { parseJson, tokensOf } from "./model-usage.ts";

/** The last event of an answer may repeat all of it. A longer one is not worth memory: its usage is lost. */
const LINE_BYTES_MAX = 8 * 1024 * 1024;
const NEWLINE = 10;
// Bytes, not strings: searching for them takes a fifth of the time.
const DATA = Buffer.from("data:");
const NEXT_DATA = Buffer.from("\ndata:");
/** What most events do not have, so that they need not be read. */
const USAGE = Buffer.from('"usage"');
const ERROR = Buffer.from('"error"');
const DELTA = Buffer.from('"delta"');
/** An event with one token and what comes with it is shorter. */
const LONG_BYTES = 1024;
const NOTHING_TOLD = Buffer.from('"usage":null');

export class StreamMeter {
  /** Answered so far, roughly: one for each event with data, and of long ones what their text comes to. */
  tokens = 0;
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

  /** Whole lines. Looked at as one: in a fast stream there are hundreds. */
  #lines(lines: Buffer): void {
    const tells = lines.includes(USAGE) || lines.includes(ERROR);
    for (let at = isData(lines) ? 0 : nextData(lines, 0); at !== -1;) {
      this.tokens++;
      const end = lines.indexOf(NEWLINE, at);
      if (tells || end - at > LONG_BYTES) {
        const data = lines.subarray(at + DATA.byteLength, end);
        if (tells) this.#read(data);
        if (data.byteLength > LONG_BYTES && data.includes(DELTA))
          this.tokens += tokensOf(deltaChars(parseJson(data.toString("utf8"))));
      }
      at = nextData(lines, at);
    }
  }

  #read(data: Buffer): void {
    if (!data.includes(ERROR)) {
      const at = data.indexOf(USAGE);
      // Some endpoints name it in each event. What names it twice is read: an agent may have named the other.
      const isOnly = at === data.lastIndexOf(USAGE);
      if (at === -1 || (isOnly && data.indexOf(NOTHING_TOLD, at) === at)) return;
    }
    this.#reader.read(parseJson(data.toString("utf8")));
  }
}

/** Of what an event adds to the answer: all dialects have it below `delta`. */
function deltaChars(json: unknown, isDelta = false): number {
  if (typeof json === "string") return isDelta ? json.length : 0;
  if (typeof json !== "object" || json === null) return 0;
  return Object.entries(json).reduce(
    (sum, [name, value]) => sum + deltaChars(value, isDelta || name === "delta"),
    0,
  );
}

function isData(lines: Buffer): boolean {
  return lines.subarray(0, DATA.byteLength).equals(DATA);
}

/** Where the next line with data begins, or -1. */
function nextData(lines: Buffer, at: number): number {
  const found = lines.indexOf(NEXT_DATA, at);
  return found === -1 ? -1 : found + 1;
}
