/** Who may speak to the town, and the sealing of its secrets. The only place where credentials are checked. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { Database } from "bun:sqlite";
import type { Joined, RunnerRight } from "../../protocol/index.ts";
import type { AuthPort, Clock, Random } from "../core.ts";
import { AttemptLimit } from "./attempt-limit.ts";
import { Challenges } from "./challenges.ts";
import { createKey, readKey, type SealKey } from "./key-file.ts";
import { Logins, type NewLogin } from "./logins.ts";
import { openDatabase } from "./open-database.ts";
import { RunnerKeys, type Joining } from "./runner-keys.ts";
import { sealText, unsealText } from "./sealed-text.ts";
import { Tokens, type TokenRole } from "./tokens.ts";

export interface AuthOptions {
  dataDir: string;
  clock: Clock;
  random: Random;
  /** Where the key lies; default: GASTOWN_KEY_FILE, else a file of this town under the user's configuration. */
  keyFile?: string;
}

/** What the edges ask besides what the core asks. */
export interface Auth extends AuthPort {
  /** Exchanges a login link's token, once. */
  exchangeLogin(token: string): NewLogin | null;
  checkLogin(cookie: string, secret: string): { id: string } | null;
  endLogin(id: string): void;
  checkToken(token: string): { id: string; role: TokenRole } | null;
  /** Exchanges a runner's token for its key, once. Of a second use both are ended. */
  joinRunner(token: string, publicKey: string): Joining;
  /** What a runner's next handshake signs. */
  freshChallenge(): string;
  /** Whether a challenge of this start was answered with the key of this member. Good once. */
  checkRunner(joined: Joined, nonce: string, signature: string): "proven" | "unproven" | "stale";
  /** A token of the town's own programs: a fresh secret at each start under the same id. */
  renewToken(role: TokenRole, name: string): { id: string; token: string };
  /** What a runner that joined with this token may be given. */
  rightsOf(tokenId: string): readonly RunnerRight[];
  /** Called with the id of a token or login that is worthless from now on. Returns the way to stop. */
  onEnded(listener: (id: string) => void): () => void;
  attempts: AttemptLimit;
  close(): void;
}

/**
 * Opens `auth.db` of a data directory.
 * @throws StartError when it was written by a newer program, or the key file is unreadable
 */
export function openAuth(options: AuthOptions): Auth {
  const database = openDatabase(join(options.dataDir, "auth.db"));
  const tokens = new Tokens(database, options.clock, options.random);
  const logins = new Logins(database, options.clock, options.random);
  const keys = new RunnerKeys(database, options.clock);
  const challenges = new Challenges(options.clock, options.random);
  const listeners = new Set<(id: string) => void>();
  const ended = (id: string) => listeners.forEach((listener) => listener(id));
  return {
    ...sealing(options.keyFile ?? defaultKeyFile(database, options.random), options.random),
    createLogin: () => logins.createLink(),
    createToken: (role, name, rights) => tokens.create(role, name, rights),
    rightsOf: (id) => tokens.rightsOf(id),
    setTokenRights: (id, rights) => tokens.setRights(id, rights),
    listTokens: () => tokens.list(),
    revokeToken(id) {
      const known = tokens.revoke(id);
      if (known) ended(id);
      return known;
    },
    exchangeLogin: (token) => logins.exchange(token),
    checkLogin: (cookie, secret) => logins.check(cookie, secret),
    endLogin(id) {
      logins.end(id);
      ended(id);
    },
    checkToken: (token) => tokens.check(token),
    joinRunner(token, publicKey) {
      const joining = keys.join(token, publicKey);
      if (joining.end === "twice") ended(joining.member);
      return joining;
    },
    freshChallenge: () => challenges.fresh(),
    checkRunner(joined, nonce, signature) {
      if (!challenges.isGood(nonce)) return "stale";
      if (!keys.isProven(joined, nonce, signature)) return "unproven";
      challenges.answered(nonce);
      return "proven";
    },
    renewToken: (role, name) => tokens.renew(role, name),
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    attempts: new AttemptLimit(options.clock),
    close: () => database.close(),
  };
}

/** The key is read at once, so that a bad file stops the start, and made when the first secret needs it. */
function sealing(keyFile: string, random: Random): Pick<AuthPort, "seal" | "unseal"> {
  let key: SealKey | null = readKey(keyFile);
  return {
    seal(rowId, secret) {
      key ??= createKey(keyFile, random);
      return sealText(key, rowId, secret, random);
    },
    unseal: (rowId, sealed) => (key === null ? null : unsealText(key, rowId, sealed)),
  };
}

function defaultKeyFile(database: Database, random: Random): string {
  const named = process.env["GASTOWN_KEY_FILE"];
  if (named !== undefined && named !== "") return named;
  const config = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return join(config, "gastown", "keys", `${keyName(database, random)}.key`);
}

/** Names the key file of this data directory; the name is no secret. */
function keyName(database: Database, random: Random): string {
  const fresh = Buffer.from(random.bytes(10)).toString("hex");
  database
    .query("INSERT INTO setting (name, value) VALUES ('key_name', ?) ON CONFLICT DO NOTHING")
    .run(fresh);
  const row = database
    .query<{ value: string }, []>("SELECT value FROM setting WHERE name = 'key_name'")
    .get();
  if (row === null) throw new Error("the key's name was not stored");
  return row.value;
}
