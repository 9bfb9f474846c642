/** The keys for which runners' tokens were exchanged: one per token, and each token once. */
import { createPublicKey, verify } from "node:crypto";
import type { Database } from "bun:sqlite";
import { provenText, type Joined } from "../../protocol/index.ts";
import type { Clock } from "../core.ts";
import { isSecret, splitSecret } from "./secret-text.ts";

/** `twice`: another key came with a token that was exchanged already; it is worthless from now on. */
export type Joining =
  | { end: "joined"; member: string }
  | { end: "unknown" }
  | { end: "twice"; member: string };

interface Row {
  id: string;
  hash: Uint8Array;
  isUsed: number;
  publicKey: string | null;
}

export class RunnerKeys {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Exchanges a token for a key. The same key again is the answer that was lost. */
  join(token: string, publicKey: string): Joining {
    return this.#database.transaction(() => this.#join(token, publicKey)).immediate();
  }

  /** Whether `signature` is that of the key for which this member's token was exchanged. */
  isProven(joined: Joined, nonce: string, signature: string): boolean {
    const publicKey = this.#read(joined.member)?.publicKey ?? null;
    if (publicKey === null) return false;
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: publicKey },
      format: "jwk",
    });
    const text = Buffer.from(provenText(joined, nonce));
    return verify(null, text, key, Buffer.from(signature, "base64url"));
  }

  #join(token: string, publicKey: string): Joining {
    const parts = splitSecret(token);
    const row = parts === null ? null : this.#read(parts.id);
    if (parts === null || row === null || !isSecret(parts.secret, row.hash))
      return { end: "unknown" };
    const member = row.id;
    if (row.isUsed === 1 && row.publicKey === publicKey) return { end: "joined", member };
    const now = this.#clock.now();
    if (row.isUsed === 1) {
      this.#database.query("UPDATE token SET revoked_at = ? WHERE id = ?").run(now, member);
      return { end: "twice", member };
    }
    this.#database
      .query("UPDATE token SET is_used = 1, joined_at = ?, public_key = ? WHERE id = ?")
      .run(now, publicKey, member);
    return { end: "joined", member };
  }

  #read(id: string): Row | null {
    return this.#database
      .query<Row, [string]>(
        `SELECT id, hash, is_used AS isUsed, public_key AS publicKey FROM token
         WHERE id = ? AND role = 'runner' AND revoked_at IS NULL`,
      )
      .get(id);
  }
}
