/**
 * Garbage that has grown old. The engine looks for it only when the heap has doubled: a town at steady work would grow by
 * that much over an hour, and keep the memory.
 */

/** A pause of some 30 ms in this time harms no tick. */
const LOOK_EVERY_MS = 120_000;
/** Less is not worth looking for. */
const GROWN_BYTES = 3 * 1024 * 1024;

/** The process's heap. */
export interface Heap {
  /** Bytes in use, garbage among them. */
  used(): number;
  /** Looks for garbage of every age, at once: asked to do it beside what is at work, Bun was not seen to. */
  collect(): void;
}

export const ownHeap: Heap = {
  used: () => process.memoryUsage().heapUsed,
  collect: () => Bun.gc(true),
};

/** One look: collects when the heap has grown since the least that was seen of it. */
export function oldGarbage(heap: Heap): () => void {
  let least = heap.used();
  return () => {
    const used = heap.used();
    if (used - least >= GROWN_BYTES) {
      heap.collect();
      // What is found now is kept for good: the next growth counts from there.
      least = used;
    }
    least = Math.min(least, used);
  };
}

/** Looks for as long as the process lives. @returns what ends it */
export function collectOldGarbage(heap: Heap = ownHeap): () => void {
  const timer = setInterval(oldGarbage(heap), LOOK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
