import { encodeId, type IdKind } from "../../protocol/ids.ts";
import type { Random } from "../../runner/clock.ts";

/** An id from a simulation's chance. */
export function newId(random: Random, kind: IdKind): string {
  return encodeId(kind, random.bytes(16));
}
