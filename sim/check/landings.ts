/** The main invariant: each landed bead's change is in its target exactly once, and nothing else is. */
import { beadsIn } from "../git/history.ts";
import type { SimForge, SimRepository } from "../git/forge.ts";
import { laneRef } from "../../runner/git/names.ts";
import type { Oid } from "../../runner/git/porcelain.ts";
import { parseLaneMessage } from "../../runner/merge/lane.ts";
import { Violation } from "./violation.ts";

/** Branches that convoys have of their own. */
const CONVOYS = "refs/heads/gastown/convoy/";

export class LandingChecks {
  readonly #forge: SimForge;
  /** Repositories that work can land in: the remotes, and the stores of runners. */
  readonly #repositories: () => Iterable<SimRepository>;
  /** The newest tip that was looked at, by repository and ref. */
  readonly #seen = new Map<SimRepository, Map<string, Oid>>();
  #lookedAt = -1;
  /** Merge commits by bead. */
  readonly merges = new Map<string, Set<Oid>>();

  /** Told of the bead and of the run that its lane names. */
  readonly #onMerge: (bead: string, runId: string) => void;

  constructor(
    forge: SimForge,
    repositories: () => Iterable<SimRepository>,
    onMerge: (bead: string, runId: string) => void,
  ) {
    this.#forge = forge;
    this.#repositories = repositories;
    this.#onMerge = onMerge;
  }

  /** After every step: looks at what has moved since. */
  look(): void {
    const { refWrites } = this.#forge.objects;
    if (refWrites === this.#lookedAt) return;
    this.#lookedAt = refWrites;
    for (const repository of this.#repositories()) {
      const seen = this.#seen.get(repository) ?? new Map<string, Oid>();
      this.#seen.set(repository, seen);
      for (const [ref, tip] of repository.refs) {
        if (!isLandedOn(ref) || seen.get(ref) === tip) continue;
        this.#follows(ref, seen.get(ref), tip);
        this.#walk(tip, seen.get(ref), this.#pusherOf(repository, ref));
        seen.set(ref, tip);
      }
    }
  }

  /** Whether the merge that a proof names is in a target. */
  holds(mergeOid: Oid): boolean {
    for (const repository of this.#repositories())
      for (const [ref, tip] of repository.refs) {
        if (isLandedOn(ref) && this.#forge.objects.isAncestor(mergeOid, tip)) return true;
      }
    return false;
  }

  /** Nobody takes back what is in a target. */
  #follows(ref: string, before: Oid | undefined, tip: Oid): void {
    if (before !== undefined && !this.#forge.objects.isAncestor(before, tip))
      throw new Violation("history-kept", `${ref} went from ${before} to ${tip}`);
  }

  /** A landing and its lane move together. */
  #pusherOf({ refs }: SimRepository, ref: string): string | null {
    const lane = refs.get(laneRef(ref));
    const mark = lane && this.#forge.objects.commit(lane)?.message;
    return mark === undefined ? null : (parseLaneMessage(mark)?.runId ?? null);
  }

  #walk(tip: Oid, until: Oid | undefined, runId: string | null): void {
    const { objects } = this.#forge;
    for (let at: Oid | undefined = tip; at !== undefined && at !== until;) {
      const commit = objects.commit(at);
      if (commit === undefined) return;
      if (commit.parents.length > 1)
        for (const bead of beadsIn(commit.message)) this.#merge(bead, at, runId);
      at = commit.parents[0];
    }
  }

  #merge(bead: string, oid: Oid, runId: string | null): void {
    const merges = this.merges.get(bead) ?? new Set();
    if (runId !== null && !merges.has(oid)) this.#onMerge(bead, runId);
    this.merges.set(bead, merges.add(oid));
    if (merges.size > 1 && !this.#isOnTop(merges))
      throw new Violation("landed-once", `${bead} was merged as ${[...merges].join(" and ")}`);
  }

  /** A later round, or a bead that a restored town does again, that begins with what has landed of it: its change is there once. */
  #isOnTop(merges: ReadonlySet<Oid>): boolean {
    const { objects } = this.#forge;
    const sources = [...merges].map((oid) => objects.commit(oid)?.parents[1] ?? oid);
    return [...merges].every((earlier, n) =>
      sources.slice(n + 1).every((later) => objects.isAncestor(earlier, later)),
    );
  }
}

/** Targets, what lands beside them, and the branches of convoys. */
function isLandedOn(ref: string): boolean {
  return (
    ref === "refs/heads/main" || ref === "refs/heads/gastown/landed/main" || ref.startsWith(CONVOYS)
  );
}
