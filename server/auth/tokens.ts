/** API tokens: owners' for programs, runners' for joining once. Only hashes are stored; a token is shown once. */
import type { Database } from "bun:sqlite";
import { RUNNER_RIGHTS, type RunnerRight } from "../../protocol/index.ts";
import type { AuthPort, Clock, Random } from "../core.ts";
import {
  hashSecret,
  isSecret,
  joinSecret,
  newId,
  newSecret,
  splitSecret,
  tailOf,
} from "./secret-text.ts";

export type TokenRole = "owner" | "runner";
type TokenSummary = ReturnType<AuthPort["listTokens"]>[number];
interface TokenRow {
  id: string;
  role: TokenRole;
  hash: Uint8Array;
}

export class Tokens {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(database: Database, clock: Clock, random: Random) {
    this.#database = database;
    this.#clock = clock;
    this.#random = random;
  }

  create(
    role: TokenRole,
    name: string,
    rights: readonly RunnerRight[] = [],
  ): { id: string; token: string } {
    const id = newId("token", this.#clock, this.#random);
    const secret = newSecret(this.#random);
    this.#database
      .query(
        "INSERT INTO token (id, role, name, hash, tail, created_at, rights) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .run(
        ...[id, role, name, hashSecret(secret), tailOf(secret), this.#clock.now()],
        rights.join(","),
      );
    return { id, token: joinSecret(id, secret) };
  }

  /** Gives the one token of this role and name a fresh secret under its old id, unused, or creates it, with every right. */
  renew(role: TokenRole, name: string): { id: string; token: string } {
    const row = this.#database
      .query<{ id: string }, [string, string]>(
        "SELECT id FROM token WHERE role = ? AND name = ? AND revoked_at IS NULL ORDER BY id LIMIT 1",
      )
      .get(role, name);
    if (row === null) return this.create(role, name, RUNNER_RIGHTS);
    const secret = newSecret(this.#random);
    this.#database
      .query("UPDATE token SET hash = ?, tail = ?, is_used = 0 WHERE id = ?")
      .run(hashSecret(secret), tailOf(secret), row.id);
    return { id: row.id, token: joinSecret(row.id, secret) };
  }

  /** Whose token this is; null when unknown or revoked. */
  check(token: string): { id: string; role: TokenRole } | null {
    const parts = splitSecret(token);
    if (parts === null) return null;
    const row = this.#database
      .query<TokenRow, [string]>(
        "SELECT id, role, hash FROM token WHERE id = ? AND revoked_at IS NULL",
      )
      .get(parts.id);
    return row !== null && isSecret(parts.secret, row.hash) ? { id: row.id, role: row.role } : null;
  }

  /** What who joins, or has joined, with it may be given: nothing, when it is unknown. */
  rightsOf(id: string): readonly RunnerRight[] {
    const row = this.#database
      .query<{ rights: string | null }, [string]>("SELECT rights FROM token WHERE id = ?")
      .get(id);
    if (row === null) return [];
    const words = row.rights?.split(",");
    return RUNNER_RIGHTS.filter((right) => words?.includes(right) ?? true);
  }

  setRights(id: string, rights: readonly RunnerRight[]): void {
    this.#database.query("UPDATE token SET rights = ? WHERE id = ?").run(rights.join(","), id);
  }

  list(): TokenSummary[] {
    return this.#database
      .query<TokenSummary, []>(
        `SELECT id, role, name, created_at AS createdAt, joined_at AS joinedAt, revoked_at AS revokedAt
         FROM token ORDER BY id`,
      )
      .all();
  }

  /** Answers whether there is such a token; one already revoked stays as it is. */
  revoke(id: string): boolean {
    this.#database
      .query("UPDATE token SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")
      .run(this.#clock.now(), id);
    return this.#database.query("SELECT 1 FROM token WHERE id = ?").get(id) !== null;
  }
}
