/** Cuts long text where it is least missed. Pure. */

/** Keeps head and tail; a line says how much was left out of the middle. */
export function cutMiddle(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  const note = `\n[... ${text.length - charsMax + 60} characters left out ...]\n`;
  const room = Math.max(0, charsMax - note.length);
  const headChars = Math.floor(room / 2);
  return `${text.slice(0, headChars)}${note}${text.slice(text.length - (room - headChars))}`.slice(
    0,
    charsMax,
  );
}

/** Keeps the head. */
export function cutEnd(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
