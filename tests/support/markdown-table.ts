// Reads a table of a document, so that page and code cannot differ.

export type TableRow = Readonly<Record<string, string>>;

/** Rows of the first table after `mark`, by column. */
export function tableAfter(text: string, mark: string): TableRow[] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`the document has no "${mark}"`);
  const lines = text.slice(at).split("\n");
  const begin = lines.findIndex((line) => line.startsWith("|"));
  const table = lines.slice(begin);
  const end = table.findIndex((line) => !line.startsWith("|"));
  const [head, , ...rows] = table.slice(0, end < 0 ? table.length : end).map(cellsOf);
  if (!head) throw new Error(`no table follows "${mark}"`);
  return rows.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ""])));
}

export function columnsOf(rows: readonly TableRow[]): string[] {
  return Object.keys(rows[0] ?? {});
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}
