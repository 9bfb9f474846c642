import { encodeId, type IdKind } from "../../protocol/index.ts";
import type { Clock, Random } from "../core.ts";

export type NewId = (kind: IdKind) => string;

/** UUIDv7 ids that rise strictly within this process, even when the clock stands still or goes back. */
export function idSource(clock: Clock, random: Random): NewId {
  let lastMs = 0;
  let counter = 0;
  return (kind) => {
    const now = clock.now();
    if (now > lastMs) {
      lastMs = now;
      counter = 0;
    } else {
      counter += 1;
      if (counter > 0xfff) {
        lastMs += 1;
        counter = 0;
      }
    }
    const bytes = random.bytes(16);
    writeTime(bytes, lastMs);
    bytes[6] = 0x70 | (counter >> 8);
    bytes[7] = counter & 0xff;
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    return encodeId(kind, bytes);
  };
}

/** The least id that could have been given out at this time: every earlier one of its kind sorts before it. */
export function leastIdAt(kind: IdKind, atMs: number): string {
  const bytes = new Uint8Array(16);
  writeTime(bytes, Math.max(0, atMs));
  return encodeId(kind, bytes);
}

function writeTime(bytes: Uint8Array, atMs: number): void {
  let ms = atMs;
  for (let i = 5; i >= 0; i--) {
    bytes[i] = ms % 256;
    ms = Math.floor(ms / 256);
  }
}
