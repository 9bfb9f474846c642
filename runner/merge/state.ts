import type { Oid } from "../git/porcelain.ts";
import type { JournalEntry, LandingProof } from "./journal.ts";
import { landingRefOf, type LandingRequest } from "./request.ts";

/** What a journal says, read from its beginning. */
export type LandingState = {
  /** Length of the journal: the step number of the next entry, never used twice. */
  readonly step: number;
  readonly landingRef: string;
  readonly lane: Oid | null;
  readonly read: {
    readonly tip: Oid | null;
    readonly target: Oid;
    readonly inCheckout: boolean;
  } | null;
  readonly candidate: { readonly onto: Oid; readonly merge: Oid; readonly tree: Oid } | null;
  readonly greenTrees: ReadonlySet<Oid>;
  /** Every merge commit made so far: each may have reached the remote. */
  readonly merges: readonly Oid[];
  readonly foundLanded: Extract<JournalEntry, { kind: "found_landed" }> | null;
  /** Pushes and lane moves refused since this fence began. */
  readonly refusals: number;
  readonly proof: LandingProof | null;
  readonly cleaned: Extract<JournalEntry, { kind: "cleaned" }> | null;
  readonly ended: Extract<JournalEntry, { kind: "ended" }>["error"] | null;
};

export function readJournal(
  request: LandingRequest,
  journal: readonly JournalEntry[],
): LandingState {
  return journal.reduce(apply, empty(landingRefOf(request)));
}

function empty(landingRef: string): LandingState {
  return {
    step: 0,
    landingRef,
    lane: null,
    read: null,
    candidate: null,
    greenTrees: new Set(),
    merges: [],
    foundLanded: null,
    refusals: 0,
    proof: null,
    cleaned: null,
    ended: null,
  };
}

function apply(before: LandingState, entry: JournalEntry): LandingState {
  const state = { ...before, step: before.step + 1 };
  switch (entry.kind) {
    case "began":
      // A new incarnation believes nothing about the remote; what it may have pushed stays listed.
      return { ...state, lane: null, read: null, candidate: null, refusals: 0, ended: null };
    case "lane_advancing":
    case "pushing":
      return state;
    case "lane_taken":
      return { ...state, lane: entry.oid };
    case "lane_moved":
    case "push_refused":
      return { ...state, lane: null, read: null, candidate: null, refusals: state.refusals + 1 };
    case "target_read":
      return {
        ...state,
        read: { tip: entry.tip, target: entry.target, inCheckout: entry.inCheckout },
      };
    case "found_landed":
      return { ...state, foundLanded: entry };
    case "redirected":
      return { ...state, landingRef: entry.landingRef, lane: null, read: null, candidate: null };
    case "integrated":
      return { ...state, candidate: entry, merges: [...state.merges, entry.merge] };
    case "gates_passed":
      return { ...state, greenTrees: new Set([...state.greenTrees, entry.tree]) };
    case "offered":
      return { ...state, lane: entry.lane };
    case "pushed":
      return {
        ...state,
        foundLanded: {
          kind: "found_landed",
          merge: entry.merge,
          method: "merge",
          landedOn: state.landingRef,
        },
      };
    case "proved":
      return { ...state, proof: entry.proof };
    case "cleaned":
      return { ...state, cleaned: entry };
    case "ended":
      return { ...state, ended: entry.error };
  }
}
