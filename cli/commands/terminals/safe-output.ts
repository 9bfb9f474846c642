/**
 * What a foreign program prints, for a person's own terminal: text, colours and the cursor pass; what would make that
 * terminal answer, or change what is not the screen (clipboard, title, links, files, window), is left out.
 */

const ESC = 0x1b;
const BEL = 0x07;
const ENQ = 0x05;
/** A sequence of a terminal is short; a longer one is none. */
const SEQUENCE_BYTES_MAX = 256;

/** Questions of CSI, as prefix, intermediate and final byte; and the whole family of window orders and printing. */
const QUESTION = /^[?>=]?[0-9;:]*(?:[cnxit]|\$p|\*y)$|^>[0-9;]*q$|^\?[0-9;]*[uS]$/;

type State = "ground" | "escape" | "csi" | "string" | "string end";

export class SafeOutput {
  #state: State = "ground";
  #sequence: number[] = [];
  /** The first byte of a character that may be a control of two bytes. */
  #isC2 = false;

  /** What of it may be written. Sequences may be cut anywhere between two calls. */
  take(data: Uint8Array): Uint8Array {
    if (this.#state === "ground" && !this.#isC2 && isPlain(data)) return data;
    const out: number[] = [];
    for (const byte of data) this.#step(byte, out);
    return Uint8Array.from(out);
  }

  #step(byte: number, out: number[]): void {
    switch (this.#state) {
      case "ground":
        return this.#ground(byte, out);
      case "escape":
        return this.#escape(byte, out);
      case "csi":
        return this.#csi(byte, out);
      case "string":
        if (byte === BEL || byte === 0x18 || byte === 0x1a) this.#state = "ground";
        else if (byte === ESC) this.#state = "string end";
        return;
      case "string end":
        this.#state = "ground";
        // ESC \ ends it; any other begins something new.
        if (byte !== 0x5c) this.#escape(byte, out);
        return;
    }
  }

  #ground(byte: number, out: number[]): void {
    if (this.#isC2) {
      this.#isC2 = false;
      // Controls of two bytes: terminals take some for the beginning of a sequence.
      if (byte >= 0x80 && byte <= 0x9f) return;
      out.push(0xc2);
    }
    if (byte === ESC) this.#state = "escape";
    else if (byte === 0xc2) this.#isC2 = true;
    else if (byte !== ENQ) out.push(byte);
  }

  #escape(byte: number, out: number[]): void {
    this.#state = "ground";
    if (byte === 0x5b) {
      this.#state = "csi";
      this.#sequence = [];
    } else if ("]P_^X".includes(String.fromCharCode(byte))) this.#state = "string";
    else if (byte === ESC) this.#state = "escape";
    // ESC Z asks what the terminal is.
    else if (byte !== 0x5a) out.push(ESC, byte);
  }

  #csi(byte: number, out: number[]): void {
    if (byte === ESC) {
      this.#state = "escape";
      return;
    }
    if (byte < 0x20) {
      // A control within a sequence is obeyed at once, and the sequence goes on; two of them end it.
      if (byte === 0x18 || byte === 0x1a) this.#state = "ground";
      else if (byte !== ENQ) out.push(byte);
      return;
    }
    this.#sequence.push(byte);
    if (this.#sequence.length > SEQUENCE_BYTES_MAX) this.#state = "ground";
    if (byte < 0x40 || byte > 0x7e) return;
    this.#state = "ground";
    if (!QUESTION.test(String.fromCharCode(...this.#sequence)))
      out.push(ESC, 0x5b, ...this.#sequence);
  }
}

function isPlain(data: Uint8Array): boolean {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return !bytes.includes(ESC) && !bytes.includes(ENQ) && !bytes.includes(0xc2);
}
