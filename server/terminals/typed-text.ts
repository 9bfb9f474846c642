/**
 * What a person typed, as the audit keeps it: the text of each line that was sent, as far as the terminal showed it.
 * What it did not show (a password, most of all) is not kept, not even how long it was. Pure.
 */

/** Of one line; more is cut. */
const PIECES_MAX = 200;
const LINE_CHARS_MAX = 1_000;
const NOT_SHOWN = "[not shown]";
const KEY = "[key]";

type Piece = { text: string } | { key: string };

/** Text, then what is no text: pasting marks, keys as terminals send them, control characters. */
const TOKEN =
  /\u001b\[20[01]~|\u001b\[[0-?]*[ -/]*[@-~]|\u001bO.|\u001b.?|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/gsu;

export class TypedText {
  readonly #decoder = new TextDecoder();
  #pieces: Piece[] = [];

  /** Takes what was typed. Returns the lines that it has ended. */
  take(data: Uint8Array): TypedLine[] {
    const ended: TypedLine[] = [];
    for (const [token] of this.#decoder.decode(data, { stream: true }).matchAll(TOKEN)) {
      if (token === "\r" || token === "\n") ended.push(new TypedLine(this.#pieces.splice(0)));
      else this.#add(token);
    }
    return ended;
  }

  #add(token: string): void {
    const last = this.#pieces.at(-1);
    if (token === "\u007f" || token === "\b") return this.#erase(last);
    // A line that is erased or given up was not sent.
    if (token === "\u0015") return void this.#pieces.splice(0);
    if (token === "\u0003") return void this.#pieces.splice(0, this.#pieces.length, { key: "^C" });
    if (token.startsWith("\u001b[20")) return;
    if (this.#pieces.length >= PIECES_MAX) return;
    if (token.startsWith("\u001b")) this.#pieces.push({ key: KEY });
    else if (token < " ")
      this.#pieces.push({ key: `^${String.fromCharCode(token.charCodeAt(0) + 64)}` });
    else if (last !== undefined && "text" in last)
      last.text = (last.text + token).slice(0, LINE_CHARS_MAX);
    else this.#pieces.push({ text: token.slice(0, LINE_CHARS_MAX) });
  }

  #erase(last: Piece | undefined): void {
    if (last === undefined) return;
    if ("text" in last && [...last.text].length > 1)
      last.text = [...last.text].slice(0, -1).join("");
    else if ("text" in last) this.#pieces.pop();
    else this.#pieces.push({ key: KEY });
  }
}

/** One line that was sent. */
export class TypedLine {
  readonly #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** `shown`: the line of the terminal that it was typed in; null when that is not known. */
  audit(shown: string | null): string {
    const said = this.#pieces.map((piece) => {
      if ("key" in piece) return piece.key;
      return shown?.includes(piece.text.trimEnd()) === true ? piece.text : NOT_SHOWN;
    });
    return said.join("").slice(0, LINE_CHARS_MAX);
  }
}
