// `bun scripts/migration.ts`: writes the one migration that has not been released anew from the schema. After a rebase that
// brought other changes of the schema, run it again instead of merging SQL by hand.
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Migrations that data directories out there may have; never written again. */
const RELEASED = 1;
const NAME = "core";

const root = dirname(import.meta.dir);
const folder = join(root, "server", "store", "migrations");
const journalPath = join(folder, "meta", "_journal.json");
const journal = (await Bun.file(journalPath).json()) as { entries: unknown[] };
journal.entries = journal.entries.slice(0, RELEASED);
await Bun.write(journalPath, `${JSON.stringify(journal, null, 2)}\n`);
for (const path of [...(await readdir(folder)), ...(await readdir(join(folder, "meta")))]) {
  if (Number(path.slice(0, 4)) < RELEASED || !/^\d{4}_/.test(path)) continue;
  await rm(join(folder, path.endsWith(".json") ? "meta" : "", path));
}
// Where columns came and others went it asks, on a terminal, which was renamed: none, its first choice.
const generate = Bun.spawn(
  [process.execPath, "--bun", "node_modules/.bin/drizzle-kit", "generate", "--name", NAME],
  {
    cwd: root,
    terminal: {
      data(terminal, bytes) {
        if (new TextDecoder().decode(bytes).includes("renamed from another")) terminal.write("\r");
      },
    },
  },
);
process.exit(await generate.exited);
