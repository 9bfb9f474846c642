/** Cuts topic items and events into frames under the wire's limit. */
import { FRAME_BYTES_MAX } from "../../protocol/index.ts";

/** Room for the frame's own fields around its items. */
const ENVELOPE_BYTES = 4 * 1024;
const ITEM_BYTES_MAX = FRAME_BYTES_MAX - ENVELOPE_BYTES;

/** Images are shared by all viewers, so each is measured once. */
const sizes = new WeakMap<object, number>();

/** Bytes of a value as JSON. */
export function bytesOf(value: object): number {
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  sizes.set(value, bytes);
  return bytes;
}

/**
 * Cuts items, in order, into parts that fit a frame. At least one part, which may be empty. An item
 * larger than a frame gets a part of its own.
 */
export function cutToFrames<T extends object>(items: readonly T[]): [T[], ...T[][]] {
  const parts: [T[], ...T[][]] = [[]];
  let current: T[] = parts[0];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item) + 1;
    if (current.length > 0 && bytes + size > ITEM_BYTES_MAX) {
      current = [];
      parts.push(current);
      bytes = 0;
    }
    current.push(item);
    bytes += size;
  }
  return parts;
}
