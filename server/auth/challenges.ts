/** What a runner signs to prove its key. Nothing is kept of a challenge until it is answered. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock, Random } from "../core.ts";

const CHALLENGE_MS = 60_000;
const RANDOM_BYTES = 16;
/** Answered ones remembered at once: more handshakes in a minute than any town has. */
const ANSWERED_MAX = 100_000;

export class Challenges {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Of this start of the town: a challenge of an earlier one is worth nothing. */
  readonly #secret: Uint8Array;
  /** Nonces that were answered, with the time at which they would be too old anyway; oldest first. */
  readonly #answered = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#secret = random.bytes(32);
  }

  fresh(): string {
    const until = Math.ceil(this.#clock.mono()) + CHALLENGE_MS;
    const text = `${until}.${Buffer.from(this.#random.bytes(RANDOM_BYTES)).toString("base64url")}`;
    return `${text}.${this.#mark(text)}`;
  }

  /** Whether it is this town's, and still good. */
  isGood(nonce: string): boolean {
    const parts = nonce.split(".");
    const [until, random, mark] = parts;
    if (until === undefined || random === undefined || mark === undefined || parts.length !== 3)
      return false;
    const [given, due] = [Buffer.from(mark), Buffer.from(this.#mark(`${until}.${random}`))];
    if (given.length !== due.length || !timingSafeEqual(given, due)) return false;
    return Number(until) >= this.#clock.mono() && !this.#answered.has(nonce);
  }

  /** It is not good a second time. */
  answered(nonce: string): void {
    const now = this.#clock.mono();
    for (const [old, until] of this.#answered) {
      if (until >= now && this.#answered.size < ANSWERED_MAX) break;
      this.#answered.delete(old);
    }
    this.#answered.set(nonce, Number(nonce.split(".")[0]));
  }

  #mark(text: string): string {
    return createHmac("sha256", this.#secret).update(text).digest("base64url");
  }
}
