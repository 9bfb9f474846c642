/** What a person or a program reads: tables of words, or JSON. The only place that prints results. */
import { shortId } from "../protocol/index.ts";

/** One JSON value per line. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value));
}

/** Text may be foreign: what a terminal would obey is left out, line breaks are kept. */
export function printLine(text: string): void {
  console.log(tame(text));
}

/** Notes beside the result, in our own words: never on stdout, which belongs to it. */
export function printNote(text: string): void {
  console.error(text);
}

/** Without what a terminal would obey. */
export function tame(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]+/g, "");
}

/** Columns as wide as their widest word, the last one as it comes; without rows the sentence `none`. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): void {
  if (rows.length === 0) {
    console.log(none);
    return;
  }
  const cells = [
    headings.map((heading) => heading.toUpperCase()),
    ...rows.map((row) => row.map(oneLine)),
  ];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  for (const row of cells) {
    const padded = row.map((cell, column) =>
      column === row.length - 1
        ? cell
        : cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell))),
    );
    console.log(padded.join("  ").trimEnd());
  }
}

/** The short form of an id, or a dash. */
export function idCell(id: string | null): string {
  return id === null ? "-" : shortId(id);
}

/** Foreign text in one line, without what a terminal would obey. */
function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}
