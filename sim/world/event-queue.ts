/** What is to happen, in the order of its time; of one moment in the order in which it was planned. */

export interface Planned {
  readonly atMs: number;
  readonly order: number;
  /** What the trace calls it. */
  readonly label: string;
  /** Null: called off, or done. */
  act: (() => void) | null;
}

/** A binary heap; what is called off stays until its time and is passed over. */
export class EventQueue {
  readonly #heap: Planned[] = [];
  #order = 0;

  add(atMs: number, label: string, act: () => void): Planned {
    const planned = { atMs, order: this.#order++, label, act };
    const heap = this.#heap;
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !sooner(planned, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = planned;
    return planned;
  }

  /** Takes out what comes next; null when nothing is planned. */
  next(): Planned | null {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return null;
      this.#removeFirst();
      if (first.act !== null) return first;
    }
  }

  /** When something is planned for next, or null; it may have been called off. */
  nextAtMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && sooner(right, left)) {
        least = right;
        child += 1;
      }
      if (!sooner(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
  }
}

function sooner(one: Planned, other: Planned): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
