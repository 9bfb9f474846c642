import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../../../tests/kill/eventually.ts";
import { tempDir } from "../../../tests/support/temp-dir.ts";
import { markOwner } from "../../process/mark.ts";
import { NO_PASSAGE, tableName } from "./filter-table.ts";
import { NetworkFilter } from "./network-filter.ts";

const LOOK_MS = 30;
const user = { name: "gastown-1", uid: 901, gid: 901 };
const other = { name: "gastown-2", uid: 902, gid: 902 };

/** In the place of `nft`: a kernel's tables as files of a folder, which takes nothing while \`full\` is there. */
const SCRIPT = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
case "$1" in
list) for table in tables/*; do [ -e "$table" ] && echo "table inet \${table#tables/}"; done; exit 0 ;;
-f)
  cat > said
  [ -e full ] && { echo "no room for a table" >&2; exit 1; }
  sed -n 's/^delete table inet //p' said | while read -r name; do rm -f "tables/$name"; done
  sed -n 's/^table inet \\(.*\\) {$/\\1/p' said | while read -r name; do : > "tables/$name"; done ;;
esac`;

async function openFilter() {
  const dir = await tempDir("nft");
  const at = (name: string) => join(dir.path, name);
  mkdirSync(at("tables"));
  await Bun.write(at("nft"), SCRIPT);
  chmodSync(at("nft"), 0o755);
  const said: string[] = [];
  const filter = new NetworkFilter(at("nft"), markOwner(dir.path), (text) => said.push(text));
  const isThere = ({ uid }: { uid: number }) => existsSync(at(`tables/${tableName({ uid })}`));
  const until = (what: string, seen: () => boolean) =>
    eventually(what, () => Promise.resolve(seen() ? true : undefined));
  const close = async () => {
    await filter.close();
    expect(readdirSync(at("tables"))).toEqual([]);
    await dir[Symbol.asyncDispose]();
  };
  return { at, said, filter, isThere, until, [Symbol.asyncDispose]: close };
}

test("[C23] a filter that could not be set again is tried until it holds, and said once", async () => {
  await using world = await openFilter();
  const { filter, said, at, isThere, until } = world;
  for (const each of [user, other]) expect((await filter.set(each, NO_PASSAGE)).ok).toBe(true);
  filter.watch(LOOK_MS);
  await Bun.write(at("full"), "");
  await rm(at(`tables/${tableName(user)}`));
  await until("it is told", () => said.length > 0);
  // The next looks find it missing too.
  const triedAt = () => statSync(at("said")).mtimeMs;
  const before = triedAt();
  await until("it was tried again", () => triedAt() > before);
  expect(said).toEqual([expect.stringContaining("gastown-1 cannot be set")]);
  await rm(at("full"));
  await until("it is back", () => isThere(user) && said.length > 1);
  expect(said.at(-1)).toContain("gastown-1 was missing. It is there again");
  expect(isThere(other)).toBe(true);
});

test("[C23] what was asked for and not set, for a run that ended above all, is set when it can be", async () => {
  await using world = await openFilter();
  const { filter, at, isThere, until } = world;
  expect((await filter.set(user, { ...NO_PASSAGE, open: true })).ok).toBe(true);
  await Bun.write(at("full"), "");
  expect(await filter.set(user, NO_PASSAGE)).toMatchObject({
    error: { message: "no room for a table" },
  });
  filter.watch(LOOK_MS);
  await rm(at("full"));
  await until("it is closed", () => isThere(user));
});
