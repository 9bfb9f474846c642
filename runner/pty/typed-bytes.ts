/**
 * What a viewer may type. A terminal answers what a program asks of it by typing, and the one that answers here is the
 * screen on this side: what looks like such an answer and comes from a viewer is left out.
 */

/**
 * Answers: what the terminal is (DA), how it is (DSR), where its cursor is (CPR), its modes (DECRPM, DECRQSS), its size,
 * colours and title (OSC, window reports), its keyboard. A cursor in the first line looks like F3 with a modifier: that
 * is a key.
 */
const ANSWERS = [
  "\u001b\\[[?>=][0-9;]*c",
  "\u001b\\[\\??[0-9;]*n",
  "\u001b\\[(?:\\?[0-9;]+|(?!1;[2-9]R|1;1[0-6]R)[0-9]+;[0-9]+)R",
  "\u001b\\[\\?[0-9;]*\\$y",
  "\u001b\\[\\?[0-9]+u",
  "\u001b\\[[0-9]+(?:;[0-9]+)+t",
  // Strings: OSC, DCS, APC, to their end or to that of what was typed.
  "\u001b[\\]P_][^\u0007\u001b]*(?:\u0007|\u001b\\\\|$)",
];
const ANSWER = new RegExp(ANSWERS.join("|"), "g");

/** What was typed without what a terminal says by itself. */
export function typedBytes(data: Uint8Array): Uint8Array {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (!bytes.includes("\u001b")) return data;
  // One character for each byte: what is no answer stays as it is.
  return Buffer.from(bytes.toString("latin1").replace(ANSWER, ""), "latin1");
}
