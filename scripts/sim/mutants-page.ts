// docs/mutants.md: the table of the planted faults, written by the runs that play them.
import type { Mutant } from "./planted.ts";

const MARK = "## Planted faults";

/**
 * The page with a row for each of `mutants`, in the place of its last table. Those that `caught` does not name keep what
 * the page says of them.
 * @param caught seed and checker, or the test, by the name of the mutant
 */
export function pageWith(
  page: string,
  mutants: readonly Mutant[],
  caught: ReadonlyMap<string, string>,
): string {
  const at = page.indexOf(MARK);
  if (at < 0) throw new Error(`docs/mutants.md has no "${MARK}"`);
  const said = new Map(
    [...page.slice(at).matchAll(/^\| `([^`]+)` \|.*\| ([^|]*) \|$/gm)].map(([, name, by]) => [
      name,
      by,
    ]),
  );
  const rows = mutants.map(({ name, origin, plants }) =>
    [`\`${name}\``, origin, plants, caught.get(name) ?? said.get(name) ?? ""].map(cell).join(" | "),
  );
  const head = ["mutant | origin | what it plants | caught by", "---|---|---|---"];
  const table = [...head, ...rows].map((row) => `| ${row} |`).join("\n");
  return `${page.slice(0, at)}${MARK}\n\n${table}\n`;
}

function cell(text: string): string {
  return text.replaceAll("|", "/").replaceAll("\n", " ");
}
