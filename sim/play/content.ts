/** What beads change: each a file of its own with its name, so that a landing can be found in the content. */

const TITLE = /\bbead-(\d+)\b/;

/** The title of the n-th bead of a play. */
export function titleOf(n: number): string {
  return `Write bead-${n}`;
}

/** Which bead a text speaks of; null when of none. */
export function beadNumber(text: string): number | null {
  const digits = TITLE.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

export function fileOf(n: number): string {
  return `beads/${n}.txt`;
}

/** The line that the n-th bead adds, to its own file and, with others, to a shared one. */
export function lineOf(n: number): string {
  return `bead ${n}\n`;
}

/** Beads of one group also add their line to a file that they share: they conflict. */
export function sharedFileOf(n: number): string | null {
  return n % 8 === 0 ? "shared/all.txt" : null;
}

/** What no gate lets pass. */
export const BROKEN = "BROKEN\n";
