/**
 * Keeps what runs as a user of agents from the network, by a table of the kernel's packet filter (nftables) for each user. It reaches
 * its own servers, the ports that were opened for it, and nothing else: not the town, other runs, neighbours, the internet.
 */
import { createServer, type AddressInfo, type Server } from "node:net";
import { refuse, type Result } from "../../../protocol/error.ts";
import { markOf } from "../../process/mark.ts";
import { run } from "../../process/process.ts";
import type { AgentUser } from "./agent-user.ts";
import { NO_PASSAGE, removalOf, tableName, tableOf, type Passage } from "./filter-table.ts";
import { firstLine, NFT_TIMEOUT_MS, NOT_INSTALLED, runNft, SEARCH_PATH, tablesOf } from "./nft.ts";
import { Turns } from "./turns.ts";

const WATCH_MS = 10_000;
const CHANGES = "changes";
const TRIAL_MS = 2_000;

export class NetworkFilter {
  readonly #nft: string;
  readonly #owner: string;
  readonly #warn: (text: string) => void;
  /** What is to hold for each user, as it was asked for last. */
  readonly #wanted = new Map<AgentUser, string>();
  /** Whose the kernel is known to have. */
  readonly #held = new Set<AgentUser>();
  /** Whose could not be set: said once, and tried again and again. */
  readonly #failing = new Set<AgentUser>();
  /** One change at a time. */
  readonly #turns = new Turns();
  #watch: ReturnType<typeof setInterval> | null = null;

  constructor(nft: string, owner: string, warn: (text: string) => void) {
    this.#nft = nft;
    this.#owner = owner;
    this.#warn = warn;
  }

  /** Looks now and then whether somebody has emptied the kernel's tables (a restarted firewall does), and sets what is missing. */
  watch(everyMs = WATCH_MS): void {
    this.#watch = setInterval(() => void this.#turns.take(CHANGES, () => this.#mend()), everyMs);
    this.#watch.unref();
  }

  /** Holds when it resolves. Error `internal`: it is not known what holds; nothing may be begun as that user before another try. */
  set(user: AgentUser, passage: Passage): Promise<Result<void>> {
    return this.#turns.take(CHANGES, async () => {
      const table = tableOf(user, passage);
      const isHeld = this.#held.has(user) && this.#wanted.get(user) === table;
      return isHeld ? { ok: true, value: undefined } : this.#load(user, table);
    });
  }

  /** The user is lent again: what the kernel has of it is not relied on. */
  forget(user: AgentUser): void {
    this.#held.delete(user);
  }

  /** Takes every table away: while there is one the kernel follows all connections of the host. */
  async close(): Promise<void> {
    if (this.#watch !== null) clearInterval(this.#watch);
    await this.#turns.take(CHANGES, async () => {
      const { exit, stderr } = await this.#run([...this.#wanted.keys()].map(removalOf).join(""));
      if (exit.code !== 0) this.#warn(`Tables of nftables were left: ${firstLine(stderr)}`);
      this.#held.clear();
      this.#wanted.clear();
    });
  }

  async #load(user: AgentUser, table: string): Promise<Result<void>> {
    this.#held.delete(user);
    this.#wanted.set(user, table);
    const { exit, stderr } = await this.#run(table);
    if (exit.code !== 0) return refuse("internal", firstLine(stderr));
    this.#held.add(user);
    return { ok: true, value: undefined };
  }

  async #mend(): Promise<void> {
    const found = await tablesOf(this.#nft, [...this.#wanted.keys()], this.#owner);
    if ("why" in found) return this.#warn(`The packet filter cannot be looked at. ${found.why}`);
    for (const [user, table] of this.#wanted) {
      const isThere = table === removalOf(user) || found.names.includes(tableName(user));
      if (isThere && this.#held.has(user)) continue;
      const wasFailing = this.#failing.delete(user);
      const mended = await this.#load(user, table);
      if (!mended.ok) this.#failing.add(user);
      if (mended.ok && !isThere)
        this.#warn(`The packet filter of ${user.name} was missing. It is there again.`);
      if (!mended.ok && !wasFailing)
        this.#warn(
          `The packet filter of ${user.name} cannot be set, and is tried again: ${mended.error.message}`,
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
