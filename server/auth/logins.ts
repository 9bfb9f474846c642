/**
 * Logins of people. A one-time link is exchanged for a login, which has two halves: a cookie, and a
 * session secret that the page keeps in storage of its own origin. Neither is worth anything alone,
 * because cookies ignore ports and agents' previews may run on the same host.
 */
import type { Database } from "bun:sqlite";
import type { Clock, Random } from "../core.ts";
import { hashSecret, isSecret, joinSecret, newSecret, splitSecret } from "./secret-text.ts";

/** Design, boundary.md: a login link is good for ten minutes and one use. */
const LINK_TTL_MS = 10 * 60_000;
const LOGIN_TTL_MS = 30 * 24 * 3_600_000;
const ID_BYTES = 9;

export interface NewLogin {
  id: string;
  cookie: string;
  secret: string;
  expiresAt: number;
}
interface LoginRow {
  cookie_hash: Uint8Array;
  secret_hash: Uint8Array;
  expires_at: number;
}

export class Logins {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(database: Database, clock: Clock, random: Random) {
    this.#database = database;
    this.#clock = clock;
    this.#random = random;
  }

  createLink(): { token: string; expiresAt: number } {
    const id = this.#shortId();
    const secret = newSecret(this.#random);
    const expiresAt = this.#clock.now() + LINK_TTL_MS;
    this.#database.query("DELETE FROM login_link WHERE expires_at < ?").run(this.#clock.now());
    this.#database
      .query("INSERT INTO login_link (id, hash, expires_at) VALUES (?, ?, ?)")
      .run(id, hashSecret(secret), expiresAt);
    return { token: joinSecret(id, secret), expiresAt };
  }

  /** Turns a link's token into a login, once; null when it is unknown, used or expired. */
  exchange(token: string): NewLogin | null {
    const parts = splitSecret(token);
    if (parts === null) return null;
    const now = this.#clock.now();
    const use = this.#database.transaction((): NewLogin | null => {
      const row = this.#database
        .query<{ hash: Uint8Array }, [string, number]>(
          "SELECT hash FROM login_link WHERE id = ? AND used_at IS NULL AND expires_at > ?",
        )
        .get(parts.id, now);
      if (row === null || !isSecret(parts.secret, row.hash)) return null;
      this.#database.query("UPDATE login_link SET used_at = ? WHERE id = ?").run(now, parts.id);
      return this.#insertLogin(now);
    });
    return use.immediate();
  }

  /** The login that a cookie and a session secret belong to; null when either does not fit or it is over. */
  check(cookie: string, secret: string): { id: string } | null {
    const parts = splitSecret(cookie);
    if (parts === null) return null;
    const row = this.#database
      .query<LoginRow, [string]>(
        "SELECT cookie_hash, secret_hash, expires_at FROM login WHERE id = ?",
      )
      .get(parts.id);
    if (row === null || row.expires_at <= this.#clock.now()) return null;
    const fits = [isSecret(parts.secret, row.cookie_hash), isSecret(secret, row.secret_hash)];
    return fits.every(Boolean) ? { id: parts.id } : null;
  }

  end(id: string): void {
    this.#database.query("DELETE FROM login WHERE id = ?").run(id);
  }

  #insertLogin(now: number): NewLogin {
    const id = this.#shortId();
    const cookieSecret = newSecret(this.#random);
    const secret = newSecret(this.#random);
    const expiresAt = now + LOGIN_TTL_MS;
    this.#database.query("DELETE FROM login WHERE expires_at < ?").run(now);
    this.#database
      .query(
        "INSERT INTO login (id, cookie_hash, secret_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
      )
      .run(id, hashSecret(cookieSecret), hashSecret(secret), now, expiresAt);
    return { id, cookie: joinSecret(id, cookieSecret), secret, expiresAt };
  }

  #shortId(): string {
    return Buffer.from(this.#random.bytes(ID_BYTES)).toString("base64url");
  }
}
