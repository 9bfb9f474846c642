/** The runner's doors to time and chance. Everything else takes them as arguments. */

export interface Clock {
  /** Wall clock, milliseconds since 1970: goes on while the host sleeps, may be set by people. */
  now(): number;
  /** Monotonic milliseconds: never set, may stand still while the host sleeps. */
  mono(): number;
}

export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  bytes(count: number): Uint8Array;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
};

export const systemRandom: Random = {
  unit: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

/** `byteCount` random bytes as hex digits: secrets of a run, ids of a spool. */
export function randomHex(random: Random, byteCount: number): string {
  return Buffer.from(random.bytes(byteCount)).toString("hex");
}
