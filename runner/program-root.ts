import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The checkout that this program runs from, whether from its sources or bundled in `dist/program`; null in a binary. */
export function programRoot(): string | null {
  let folder = import.meta.dir;
  while (!existsSync(join(folder, "package.json"))) {
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
  }
  return folder;
}
