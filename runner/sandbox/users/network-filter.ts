/**
 * Keeps what runs as a user of agents from the network, by a table of the kernel's packet filter (nftables) for each user. It reaches
 * its own servers, the ports that were opened for it, and nothing else: not the town, other runs, neighbours, the internet.
 */
import { createServer, type AddressInfo, type Server } from "node:net";
import { refuse, type Result } from "../../../protocol/error.ts";
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import type { AgentUser } from "./agent-user.ts";

const SEARCH_PATH = "/usr/sbin:/sbin:/usr/bin:/bin";
const NFT_TIMEOUT_MS = 10_000;
const NOT_INSTALLED = "Install the package `nftables` to close it.";
/** Of connections that a user's processes begin, beside those of others who mark theirs. */
const MARK_BASE = 0x47_00_00_00;
const MARK_IDS = 0x01_00_00_00;
const TRIAL_MS = 2_000;

/** What a user's processes may reach: loopback ports of the runner, or the host's whole network. */
export type Passage = { ports: readonly number[]; open: boolean };

export const NO_PASSAGE: Passage = { ports: [], open: false };

/** Name of a user's table in the family `inet`. */
export function tableName({ uid }: Pick<AgentUser, "uid">): string {
  return `gastown-${uid}`;
}

/**
 * Pure: replaces the user's table in one transaction. Whose a listener is, only its answer tells: a connection is marked when it is
 * begun, and the answer to it (SYN and ACK) passes from the user's own processes, or from a port that was opened for it. Any other
 * becomes a refusal (RST).
 */
export function tableOf({ uid }: Pick<AgentUser, "uid">, { ports, open }: Passage): string {
  const name = tableName({ uid });
  const replace = [`table inet ${name} {}`, `delete table inet ${name}`];
  if (open) return `${replace.join("\n")}\n`;
  const mark = MARK_BASE + (uid % MARK_IDS);
  const doors = ports.map((port) => `    ct mark ${mark} tcp sport ${port} accept`);
  return [
    ...replace,
    `table inet ${name} {`,
    "  chain out {",
    "    type filter hook output priority 0; policy accept;",
    `    oifname "lo" tcp flags & (syn|ack) == (syn|ack) ct mark ${mark} jump answer`,
    `    meta skuid ${uid} jump agent`,
    "  }",
    "  chain answer {",
    `    meta skuid ${uid} accept`,
    ...doors,
    "    tcp flags set rst|ack",
    "  }",
    "  chain agent {",
    '    oifname != "lo" reject',
    "    meta l4proto != tcp reject",
    `    tcp flags & (syn|ack) == syn ct mark set ${mark} accept`,
    "  }",
    "}",
    "",
  ].join("\n");
}

export class NetworkFilter {
  readonly #nft: string;
  readonly #owner: string;
  /** As the kernel has them, so that nothing is told twice. */
  readonly #tables = new Map<number, string>();

  constructor(nft: string, owner: string) {
    this.#nft = nft;
    this.#owner = owner;
  }

  /** Holds when it resolves. Error `internal`: the kernel does not take it, and what held before holds. */
  async set(user: AgentUser, passage: Passage): Promise<Result<void>> {
    const table = tableOf(user, passage);
    if (this.#tables.get(user.uid) === table) return { ok: true, value: undefined };
    const { exit, stderr } = await runNft(this.#nft, ["-f", "/dev/stdin"], this.#owner, table);
    if (exit.code !== 0) return refuse("internal", firstLine(stderr));
    this.#tables.set(user.uid, table);
    return { ok: true, value: undefined };
  }

  /** Takes every table away: while there is one the kernel follows all connections of the host. */
  async close(): Promise<void> {
    const lines = [...this.#tables.keys()].map((uid) => `delete table inet ${tableName({ uid })}`);
    this.#tables.clear();
    await runNft(this.#nft, ["-f", "/dev/stdin"], this.#owner, `${lines.join("\n")}\n`);
  }
}

/** Closes the network to these users, and tries whether it is. Else a sentence that says why not, and what to do. */
export async function openFilter(
  users: readonly AgentUser[],
  parts: { owner: string; becoming: (user: AgentUser) => string[]; runtime: string },
): Promise<NetworkFilter | { why: string }> {
  const nft = Bun.which("nft", { PATH: SEARCH_PATH });
  if (nft === null) return { why: NOT_INSTALLED };
  const [first] = users;
  if (first === undefined) throw new Error("a filter for nobody");
  const filter = new NetworkFilter(nft, parts.owner);
  const why = (await closeTo(filter, users)) ?? (await tryOut(filter, first, parts));
  if (why === null) return filter;
  await filter.close();
  return { why: `nftables does not close it: ${why}` };
}

async function closeTo(filter: NetworkFilter, users: readonly AgentUser[]): Promise<string | null> {
  for (const user of users) {
    const done = await filter.set(user, NO_PASSAGE);
    if (!done.ok) return done.error.message;
  }
  return null;
}

/** The tables of these users that the kernel has now. Error: a sentence, where it cannot be asked. */
export async function tablesOfHost(
  users: readonly AgentUser[],
  owner: string,
): Promise<{ names: string[] } | { why: string }> {
  const nft = Bun.which("nft", { PATH: SEARCH_PATH });
  if (nft === null) return { why: NOT_INSTALLED };
  const { exit, stdout, stderr } = await runNft(nft, ["list", "tables"], owner);
  if (exit.code !== 0) return { why: `nftables cannot close it: ${firstLine(stderr)}` };
  const lines = stdout.split("\n");
  return { names: users.map(tableName).filter((name) => lines.includes(`table inet ${name}`)) };
}

function runNft(nft: string, arguments_: readonly string[], owner: string, input = "") {
  return run([nft, ...arguments_], {
    cwd: "/",
    env: { PATH: SEARCH_PATH, LC_ALL: "C" },
    mark: markOf(owner, "nft"),
    input,
    timeoutMs: NFT_TIMEOUT_MS,
  });
}

function firstLine(said: string): string {
  return (
    said
      .trim()
      .split("\n")[0]
      ?.replace(/^\S+:\d+:[\d-]+: /, "") || "no answer."
  );
}

/** Connects to a server of its own, to one that was opened for it, to one that was not, and beyond this host. */
const SCRIPT = `
const { createConnection, createServer } = require("node:net");
const [door, foreign] = process.argv.slice(-2).map(Number);
const reaches = (port, host = "127.0.0.1") => new Promise((resolve) => {
  const socket = createConnection({ host, port, timeout: ${TRIAL_MS} });
  const end = (answer) => { socket.destroy(); resolve(answer); };
  socket.on("connect", () => end(true)).on("error", () => end(false)).on("timeout", () => end(false));
});
const own = createServer().listen(0, "127.0.0.1", async () => {
  const said = await Promise.all([reaches(own.address().port), reaches(door), reaches(foreign)]);
  console.log(said.map(Number).join(""));
  process.exit(0);
});`;
const AS_IT_SHALL = "110";

async function tryOut(
  filter: NetworkFilter,
  user: AgentUser,
  { owner, becoming, runtime }: Parameters<typeof openFilter>[1],
): Promise<string | null> {
  const [door, foreign] = await Promise.all([listening(), listening()]);
  try {
    const set = await filter.set(user, { ports: [portOf(door)], open: false });
    if (!set.ok) return set.error.message;
    const { stdout, stderr } = await run(
      [...becoming(user), runtime, "-e", SCRIPT, String(portOf(door)), String(portOf(foreign))],
      {
        cwd: "/",
        env: { PATH: SEARCH_PATH, LC_ALL: "C", BUN_BE_BUN: "1", HOME: "/nonexistent" },
        mark: markOf(owner, "probe"),
        timeoutMs: NFT_TIMEOUT_MS,
      },
    );
    const back = await filter.set(user, NO_PASSAGE);
    if (!back.ok) return back.error.message;
    const said = stdout.trim();
    if (said === AS_IT_SHALL) return null;
    if (said.length !== AS_IT_SHALL.length)
      return stderr.trim().split("\n")[0] || "it could not be tried";
    return said.endsWith("1")
      ? "other servers of this host can be reached"
      : "programs cannot reach their own servers";
  } finally {
    door.close();
    foreign.close();
  }
}

function listening(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
