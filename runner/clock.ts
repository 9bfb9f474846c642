/** The runner's doors to time and chance. Everything else takes them as arguments. */

/** What time it is. */
export interface TimeSource {
  /** Wall clock, milliseconds since 1970: goes on while the host sleeps, may be set by people. */
  now(): number;
  /** Monotonic milliseconds: never set, may stand still while the host sleeps. */
  mono(): number;
}

export interface Clock extends TimeSource {
  /** Calls `act` once, `ms` from now, never before this call has returned. Returns the way to call it off. */
  after(ms: number, act: () => void): () => void;
}

export interface Random {
  /** Uniform in [0, 1). */
  unit(): number;
  bytes(count: number): Uint8Array;
}

/** The longest wait a timer of the host knows; one that is longer would end at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  mono: () => performance.now(),
  after: (ms, act) => {
    let timer = setTimeout(leg, Math.min(ms, TIMER_MS_MAX), ms);
    function leg(leftMs: number) {
      const restMs = leftMs - TIMER_MS_MAX;
      if (restMs <= 0) act();
      else timer = setTimeout(leg, Math.min(restMs, TIMER_MS_MAX), restMs);
    }
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  unit: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
};

/** Resolves after `ms`, or at once when `signal` is aborted. */
export async function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const callOff = clock.after(ms, finish);
    function finish() {
      callOff();
      signal?.removeEventListener("abort", finish);
      resolve();
    }
    signal?.addEventListener("abort", finish, { once: true });
  });
}

/** `byteCount` random bytes as hex digits: secrets of a run, ids of a spool. */
export function randomHex(random: Random, byteCount: number): string {
  return Buffer.from(random.bytes(byteCount)).toString("hex");
}
