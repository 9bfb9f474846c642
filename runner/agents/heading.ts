/** Finds in what an agent says the headings by which it tells people what it is doing. Pure. */

const STATUS_CHARS_MAX = 280;
const HEADING = /^# +(\S.*)$/m;

export class HeadingWatch {
  #open: { partId: string; text: string } = { partId: "", text: "" };
  #last = "";

  /** The heading is told as soon as its line is complete, not when the message is; null when there is none that is new. */
  streamed(partId: string, delta: string): string | null {
    if (this.#open.partId !== partId) this.#open = { partId, text: "" };
    if (this.#open.text.length > 2 * STATUS_CHARS_MAX) return null;
    this.#open.text += delta;
    const end = this.#open.text.lastIndexOf("\n");
    return end === -1 ? null : this.whole(this.#open.text.slice(0, end));
  }

  /** The first heading of a whole message, when it is a new one. */
  whole(text: string): string | null {
    const heading = HEADING.exec(text)?.[1]?.trim().slice(0, STATUS_CHARS_MAX);
    if (heading === undefined || heading === this.#last) return null;
    this.#last = heading;
    return heading;
  }
}
