/**
 * Keeps what runs as a user of agents from the network, by a table of the kernel's packet filter (nftables) for each user. It reaches
 * its own servers, the ports that were opened for it, and nothing else: not the town, other runs, neighbours, the internet.
 */
import { createServer, type AddressInfo, type Server } from "node:net";
import { refuse, type Result } from "../../../protocol/error.ts";
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import type { AgentUser } from "./agent-user.ts";
import { Turns } from "./turns.ts";

const SEARCH_PATH = "/usr/sbin:/sbin:/usr/bin:/bin";
const NFT_TIMEOUT_MS = 10_000;
const WATCH_MS = 10_000;
const CHANGES = "changes";
const NOT_INSTALLED = "Install the package `nftables` to close it.";
/** Of connections that a user's processes begin, beside those of others who mark theirs. */
const MARK_BASE = 0x47_00_00_00;
const MARK_IDS = 0x01_00_00_00;
const TRIAL_MS = 2_000;

/** What a user's processes may reach (loopback ports of the runner, or the host's whole network), and where they may be reached. */
export type Passage = { ports: readonly number[]; serves: readonly number[]; open: boolean };

export const NO_PASSAGE: Passage = { ports: [], serves: [], open: false };

/** Name of a user's table in the family `inet`. */
export function tableName({ uid }: Pick<AgentUser, "uid">): string {
  return `gastown-${uid}`;
}

/**
 * Pure: replaces the user's table in one transaction. Whose a listener is, only its answer tells: a connection is marked when it is
 * begun, and the answer to it (SYN and ACK) passes from the user's own processes, or from a port that was opened for it. Any other
 * becomes a refusal (RST). So does an answer to others from a port at which nobody waits for this user: it could pose as the town.
 */
export function tableOf({ uid }: Pick<AgentUser, "uid">, passage: Passage): string {
  const { ports, serves, open } = passage;
  const name = tableName({ uid });
  const removal = removalOf({ uid });
  if (open) return removal;
  const answers = "tcp flags & (syn|ack) == (syn|ack)";
  const others = serves.map((port) => `tcp sport != ${port} `).join("");
  const mark = MARK_BASE + (uid % MARK_IDS);
  const doors = ports.map((port) => `    ct mark ${mark} tcp sport ${port} accept`);
  return [
    `${removal}table inet ${name} {`,
    "  chain out {",
    "    type filter hook output priority 0; policy accept;",
    `    oifname "lo" ${answers} ct mark ${mark} jump answer`,
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
    `    ${answers} ${others}tcp flags set rst|ack`,
    `    tcp flags & (syn|ack) == syn ct mark set ${mark} accept`,
    "  }",
    "}",
    "",
  ].join("\n");
}

/** Pure: the user has no table afterwards, whether it had one or not. */
function removalOf(user: Pick<AgentUser, "uid">): string {
  const name = tableName(user);
  return `table inet ${name} {}\ndelete table inet ${name}\n`;
}

export class NetworkFilter {
  readonly #nft: string;
  readonly #owner: string;
  readonly #warn: (text: string) => void;
  /** As the kernel was told to have them; what is not known to hold is not here. */
  readonly #tables = new Map<AgentUser, string>();
  /** Whose tables were ever set. */
  readonly #users = new Set<AgentUser>();
  /** One change at a time. */
  readonly #turns = new Turns();
  #watch: ReturnType<typeof setInterval> | null = null;

  constructor(nft: string, owner: string, warn: (text: string) => void) {
    this.#nft = nft;
    this.#owner = owner;
    this.#warn = warn;
  }

  /** Looks now and then whether somebody has emptied the kernel's tables (a restarted firewall does), and sets them again. */
  watch(): void {
    this.#watch = setInterval(() => void this.#turns.take(CHANGES, () => this.#mend()), WATCH_MS);
    this.#watch.unref();
  }

  /** Holds when it resolves. Error `internal`: it is not known what holds; nothing may be begun as that user before another try. */
  set(user: AgentUser, passage: Passage): Promise<Result<void>> {
    return this.#turns.take(CHANGES, async () => {
      const table = tableOf(user, passage);
      if (this.#tables.get(user) === table) return { ok: true, value: undefined };
      return this.#load(user, table);
    });
  }

  /** The user is lent again: what the kernel has of it is not relied on. */
  forget(user: AgentUser): void {
    this.#tables.delete(user);
  }

  /** Takes every table away: while there is one the kernel follows all connections of the host. */
  async close(): Promise<void> {
    if (this.#watch !== null) clearInterval(this.#watch);
    await this.#turns.take(CHANGES, async () => {
      const { exit, stderr } = await this.#run([...this.#users].map(removalOf).join(""));
      if (exit.code !== 0) this.#warn(`Tables of nftables were left: ${firstLine(stderr)}`);
      this.#tables.clear();
    });
  }

  async #load(user: AgentUser, table: string): Promise<Result<void>> {
    this.#tables.delete(user);
    this.#users.add(user);
    const { exit, stderr } = await this.#run(table);
    if (exit.code !== 0) return refuse("internal", firstLine(stderr));
    this.#tables.set(user, table);
    return { ok: true, value: undefined };
  }

  async #mend(): Promise<void> {
    const found = await tablesOf(this.#nft, [...this.#tables.keys()], this.#owner);
    if ("why" in found) return this.#warn(`The packet filter cannot be looked at. ${found.why}`);
    for (const [user, table] of this.#tables) {
      if (table === removalOf(user) || found.names.includes(tableName(user))) continue;
      const mended = await this.#load(user, table);
      this.#warn(
        mended.ok
          ? `Somebody removed the packet filter of ${user.name}. It is there again.`
          : `The packet filter of ${user.name} was removed, and cannot be set: ${mended.error.message}`,
      );
    }
  }

  #run(lines: string): ReturnType<typeof run> {
    return runNft(this.#nft, ["-f", "/dev/stdin"], this.#owner, lines);
  }
}

/** Closes the network to these users, and tries whether it is. Else a sentence that says why not, and what to do. */
export async function openFilter(
  users: readonly AgentUser[],
  parts: {
    owner: string;
    becoming: (user: AgentUser) => string[];
    runtime: string;
    warn: (text: string) => void;
  },
): Promise<NetworkFilter | { why: string }> {
  const nft = Bun.which("nft", { PATH: SEARCH_PATH });
  if (nft === null) return { why: NOT_INSTALLED };
  const [first] = users;
  if (first === undefined) throw new Error("a filter for nobody");
  const filter = new NetworkFilter(nft, parts.owner, parts.warn);
  const why = (await closeTo(filter, users)) ?? (await tryOut(filter, first, parts));
  if (why === null) {
    filter.watch();
    return filter;
  }
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
  return nft === null ? { why: NOT_INSTALLED } : tablesOf(nft, users, owner);
}

async function tablesOf(
  nft: string,
  users: readonly AgentUser[],
  owner: string,
): Promise<{ names: string[] } | { why: string }> {
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
    const set = await filter.set(user, { ...NO_PASSAGE, ports: [portOf(door)] });
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
