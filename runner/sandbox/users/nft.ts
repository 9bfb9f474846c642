/** The kernel's packet filter by its command. */
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import type { AgentUser } from "./agent-user.ts";
import { removalOf, tableName } from "./filter-table.ts";

export const SEARCH_PATH = "/usr/sbin:/sbin:/usr/bin:/bin";
export const NFT_TIMEOUT_MS = 10_000;
export const NOT_INSTALLED = "Install the package `nftables` to close it.";

/** The tables of these users that the kernel has now. Error: a sentence, where it cannot be asked. */
export async function tablesOfHost(
  users: readonly AgentUser[],
  owner: string,
): Promise<{ names: string[] } | { why: string }> {
  const nft = Bun.which("nft", { PATH: SEARCH_PATH });
  return nft === null ? { why: NOT_INSTALLED } : tablesOf(nft, users, owner);
}

/** The same, by an `nft` that is known. */
export async function tablesOf(
  nft: string,
  users: readonly AgentUser[],
  owner: string,
): Promise<{ names: string[] } | { why: string }> {
  const { exit, stdout, stderr } = await runNft(nft, ["list", "tables"], owner);
  if (exit.code !== 0) return { why: `nftables cannot close it: ${firstLine(stderr)}` };
  const lines = stdout.split("\n");
  return { names: users.map(tableName).filter((name) => lines.includes(`table inet ${name}`)) };
}

export function runNft(nft: string, arguments_: readonly string[], owner: string, input = "") {
  return run([nft, ...arguments_], {
    cwd: "/",
    env: { PATH: SEARCH_PATH, LC_ALL: "C" },
    mark: markOf(owner, "nft"),
    input,
    timeoutMs: NFT_TIMEOUT_MS,
  });
}

export function firstLine(said: string): string {
  return (
    said
      .trim()
      .split("\n")[0]
      ?.replace(/^\S+:\d+:[\d-]+: /, "") || "no answer."
  );
}

/** Takes the tables of these users away that a killed runner left: while there is one the kernel follows all connections of the host. */
export async function removeTables(
  users: readonly AgentUser[],
  owner: string,
): Promise<{ removed: string[] } | { why: string }> {
  const found = await tablesOfHost(users, owner);
  if ("why" in found || found.names.length === 0) return "why" in found ? found : { removed: [] };
  const nft = Bun.which("nft", { PATH: SEARCH_PATH }) ?? "nft";
  const left = users.filter((user) => found.names.includes(tableName(user)));
  const { exit, stderr } = await runNft(
    nft,
    ["-f", "/dev/stdin"],
    owner,
    left.map(removalOf).join(""),
  );
  return exit.code === 0 ? { removed: found.names } : { why: firstLine(stderr) };
}
