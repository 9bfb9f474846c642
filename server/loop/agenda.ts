/**
 * What is still to be looked at: subjects that a change concerns, subjects whose rule failed and is tried later, and
 * sweeps that go over many subjects in slices. It is kept in memory only: a start sweeps everything.
 */
import { TOWN } from "../reconcile/concerns.ts";
import { RIG_SLICES, SLICES, type Unfinished } from "../store/unfinished.ts";

/** Subjects of a sweep per round: some milliseconds of work. At most 1,000. Source: state.md. */
const SLICE = 50;
/** Subjects of a round: the rest waits for the next one of the same tick. */
const ROUND_MAX = 200;

/** Everything unfinished, or what is open in one rig. */
type Sweep = { of: string; kind: number; after: string };
const ALL = "all";

export interface Round {
  ids: Set<string>;
  /** It is a slice of the pass over everything: it should find nothing to do. */
  pass: boolean;
}

export class Agenda {
  readonly #unfinished: Unfinished;
  #ids = new Set<string>();
  #later = new Map<string, number>();
  #sweeps: Sweep[] = [];

  constructor(unfinished: Unfinished) {
    this.#unfinished = unfinished;
  }

  /** Whether subjects wait now; sweeps come after them. */
  get pending(): boolean {
    return this.#ids.size > 0;
  }
  get sweeping(): boolean {
    return this.#sweeps.length > 0;
  }

  add(ids: Iterable<string>): void {
    for (const id of ids) this.#ids.add(id);
  }

  addLater(id: string, at: number): void {
    this.#later.set(id, at);
  }

  /** Goes over what is open in a rig, before a pass over everything; one that is under way begins anew. */
  sweepRig(rigId: string): void {
    const others = this.#sweeps.filter((sweep) => sweep.of !== rigId);
    this.#sweeps = [{ of: rigId, kind: 0, after: "" }, ...others];
  }

  /** Goes over everything unfinished. */
  sweepAll(): void {
    const ofRigs = this.#sweeps.filter((sweep) => sweep.of !== ALL);
    this.#sweeps = [...ofRigs, { of: ALL, kind: 0, after: "" }];
  }

  /** Subjects of the next round, or null when nothing is left but what comes later. */
  take(now: number): Round | null {
    for (const [id, at] of this.#later) {
      if (at > now) continue;
      this.#later.delete(id);
      this.#ids.add(id);
    }
    if (this.#ids.size === 0) return null;
    const ids = new Set<string>();
    for (const id of this.#ids) {
      if (ids.size === ROUND_MAX) break;
      ids.add(id);
      this.#ids.delete(id);
    }
    return { ids, pass: false };
  }

  /** The next slice of a sweep, or null when none is under way. */
  takeSlice(): Round | null {
    for (;;) {
      const [sweep] = this.#sweeps;
      if (sweep === undefined) return null;
      const { of, kind, after } = sweep;
      const found =
        of === ALL
          ? this.#unfinished.slice(SLICES[kind] ?? "rig", after, SLICE)
          : this.#unfinished.ofRig(of, RIG_SLICES[kind] ?? "open", after, SLICE);
      sweep.after = found.at(-1) ?? "";
      if (found.length < SLICE) this.#endOf(sweep);
      if (found.length > 0) return { ids: new Set([...found, TOWN]), pass: of === ALL };
    }
  }

  /** When a subject that failed is tried again, or null. */
  nextAt(): number | null {
    return this.#later.size === 0 ? null : Math.min(...this.#later.values());
  }

  #endOf(sweep: Sweep): void {
    if (sweep.kind + 1 < (sweep.of === ALL ? SLICES : RIG_SLICES).length) {
      sweep.kind += 1;
      sweep.after = "";
    } else this.#sweeps.shift();
  }
}
