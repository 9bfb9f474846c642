// docs/mutants.md: the table of the planted faults, written anew by a run of all of them.
import type { Mutant } from "./planted.ts";

export interface Caught {
  mutant: Mutant;
  /** Seed and checker, or the test; null when nothing did. */
  by: string | null;
}

const MARK = "## Planted faults";

/** The page with this table in the place of its last one. */
export function pageWith(page: string, caught: readonly Caught[]): string {
  const at = page.indexOf(MARK);
  if (at < 0) throw new Error(`docs/mutants.md has no "${MARK}"`);
  const rows = caught.map(({ mutant: { name, origin, plants }, by }) =>
    [`\`${name}\``, origin, plants, by ?? ""].map(cell).join(" | "),
  );
  const head = ["mutant | origin | what it plants | caught by", "---|---|---|---"];
  const table = [...head, ...rows].map((row) => `| ${row} |`).join("\n");
  return `${page.slice(0, at)}${MARK}\n\n${table}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "/").replaceAll("\n", " ");
}
