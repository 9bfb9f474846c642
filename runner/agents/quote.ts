/** Text of others, as a prompt shows it: marked as data, with its source, and unable to end its own quotation. */

const CLOSING = /<(\/?)quoted/gi;

/** Quotes `text`; past `charsMax` it is cut and says so. */
export function quote(source: string, text: string, charsMax: number): string {
  const cut =
    text.length > charsMax
      ? `${text.slice(0, charsMax)}\n[cut: ${text.length - charsMax} characters more]`
      : text;
  return `<quoted source="${oneLine(source).replaceAll('"', "'")}">\n${cut.replace(CLOSING, "<$1\\quoted").trimEnd()}\n</quoted>`;
}

/** A title or name on one line, whatever it holds. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
