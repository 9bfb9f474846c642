import { landedBranch } from "../git/names.ts";
import type { Oid } from "../git/porcelain.ts";
import { type LaneMark, supersedes } from "./lane.ts";
import type { JournalEntry } from "./journal.ts";
import type { Observation, Operation } from "./operation.ts";
import { mergeError } from "./outcome.ts";
import { candidatePrefix, integrationRefOf, landingRefOf, type LandingRequest } from "./request.ts";
import { type LandingState, readJournal } from "./state.ts";

/** Append these, in order and durably, then do `next`. */
export type Step = { readonly entries: readonly JournalEntry[]; readonly next: Operation };

/** Refused pushes and lane moves that one engine answers by beginning again. */
export const refusalsMax = 5;

/**
 * The merge engine's only decision: from what is recorded and what was just seen to what is recorded
 * next and done next. Pure. After any crash it is called with `started` and the journal as it lies.
 */
export function step(
  request: LandingRequest,
  journal: readonly JournalEntry[],
  observation: Observation,
): Step {
  const state = readJournal(request, journal);
  const { kind } = observation;
  switch (kind) {
    case "started":
      return start(request, journal, state);
    case "failed":
      return {
        entries: [],
        next: { kind: "finish", result: { ok: false, error: observation.error } },
      };
    case "lane_read":
    case "lane_advanced":
    case "lane_refused":
    case "candidates_dropped":
      return afterLane(request, state, observation);
    case "target_read":
    case "landed_before":
    case "landed_otherwise":
      return afterTarget(request, state, observation);
    case "integrated":
    case "conflict":
    case "gates_green":
    case "gates_red":
      return afterMerge(request, state, observation);
    case "pushed":
    case "push_refused":
    case "push_denied":
    case "checkout_merged":
    case "checkout_dirty":
      return afterPush(request, state, observation);
    case "proved":
    case "cleaned":
      return afterProof(request, state, observation);
  }
}

type Seen<K extends Observation["kind"]> = Extract<Observation, { kind: K }>;

function start(
  request: LandingRequest,
  journal: readonly JournalEntry[],
  state: LandingState,
): Step {
  if (state.cleaned !== null)
    return { entries: [], next: finished(request, state, state.cleaned.branchDeleted) };
  if (state.proof !== null) return { entries: [], next: { kind: "clean_up" } };
  const last = journal.findLast((entry) => entry.kind === "began");
  if (state.ended !== null && last?.fence === request.fence) {
    return { entries: [], next: { kind: "finish", result: { ok: false, error: state.ended } } };
  }
  const began: JournalEntry = {
    kind: "began",
    fence: request.fence,
    runId: request.runId,
    source: request.source,
    landingRef: state.landingRef,
  };
  return { entries: [began], next: { kind: "read_lane", landingRef: state.landingRef } };
}

function afterLane(
  request: LandingRequest,
  state: LandingState,
  seen: Seen<"lane_read" | "lane_advanced" | "lane_refused" | "candidates_dropped">,
): Step {
  const { landingRef } = state;
  const lookAtTarget: Operation = { kind: "read_target", landingRef, merges: state.merges };
  if (seen.kind === "candidates_dropped") return { entries: [], next: lookAtTarget };
  if (seen.kind === "lane_advanced") {
    return {
      entries: [{ kind: "lane_taken", oid: seen.oid }],
      // An engine that has offered its candidate asks for the lane no more, and nobody else moves that checkout now.
      next:
        request.withdraw || landingRef !== landingRefOf(request)
          ? { kind: "drop_candidates" }
          : lookAtTarget,
    };
  }
  if (seen.kind === "lane_refused")
    return again(state, { kind: "lane_moved", reason: seen.reason });
  if (supersedes(seen.lane.mark, markOf(request, state.step))) {
    const holder =
      seen.lane.mark === null
        ? "a newer run"
        : `run ${seen.lane.mark.runId} with fence ${seen.lane.mark.fence}`;
    return end(
      mergeError(
        "superseded",
        `The lane of ${landingRef} is held by ${holder}.`,
        "That run lands the work; this one changes nothing.",
      ),
    );
  }
  const expected = seen.lane.oid;
  const intent: JournalEntry = { kind: "lane_advancing", landingRef, step: state.step, expected };
  return {
    entries: [intent],
    next: { kind: "advance_lane", landingRef, expected, mark: markOf(request, state.step) },
  };
}

function afterTarget(
  request: LandingRequest,
  state: LandingState,
  seen: Seen<"target_read" | "landed_before" | "landed_otherwise">,
): Step {
  if (seen.kind === "landed_otherwise") {
    // What a lost merge has landed stays landed, though its author went on since.
    if (request.withdraw)
      return foundLanded({ ...seen, landedOn: state.landingRef, method: "merge" });
    const message = `${request.beadId} has landed already, with other work, as ${seen.merge}.`;
    return end(
      mergeError("already_landed", message, "Open a new bead for what is left of this work."),
    );
  }
  if (seen.kind === "landed_before") return foundLanded(seen);
  const { tip, target, checkout } = seen;
  if (request.withdraw) {
    // An engine that met a changed checkout holds the lane beside: neither of the two may be left to it.
    if (state.landingRef !== integrationRefOf(request))
      return redirect(request, state, "nothing may land there either");
    const message = `${request.beadId} has not landed, and no earlier engine can land it any more.`;
    return end(mergeError("withdrawn", message, "Nothing is left to do."));
  }
  if (checkout === "dirty")
    return redirect(request, state, "the checkout has changes that are not committed");
  const read: JournalEntry = { kind: "target_read", tip, target, inCheckout: checkout === "clean" };
  return {
    entries: [read],
    next: { kind: "integrate", tip, target, landingRef: state.landingRef },
  };
}

/** @param found `source`: what has landed, where that is not the source of this request */
function foundLanded(
  found: Pick<Seen<"landed_before">, "merge" | "method" | "landedOn"> & { source?: Oid },
): Step {
  const { merge, method, landedOn, source } = found;
  const proven = source === undefined ? {} : { source };
  return {
    entries: [{ kind: "found_landed", merge, method, landedOn }],
    next: { kind: "prove", landingRef: landedOn, merge, method, ...proven },
  };
}

function afterMerge(
  request: LandingRequest,
  state: LandingState,
  seen: Seen<"integrated" | "conflict" | "gates_green" | "gates_red">,
): Step {
  if (seen.kind === "conflict") {
    const message = `The work conflicts with ${state.landingRef} in ${seen.files.length} file(s).`;
    return end(
      mergeError(
        "conflict",
        message,
        "Resolve it on the work's branch, on the target as it is now.",
        { files: seen.files },
      ),
    );
  }
  if (seen.kind === "gates_red") {
    return end(
      mergeError(
        "gates_red",
        "A gate is red on the merged tree.",
        "Fix the work; its log says what failed.",
        { log: seen.log },
      ),
    );
  }
  if (seen.kind === "gates_green")
    return push(request, state, [{ kind: "gates_passed", tree: seen.tree }], state.candidate);
  const { onto, merge, tree } = seen;
  const integrated: JournalEntry = { kind: "integrated", onto, merge, tree };
  if (state.greenTrees.has(tree)) return push(request, state, [integrated], { merge });
  return { entries: [integrated], next: { kind: "run_gates", merge, tree } };
}

function push(
  request: LandingRequest,
  state: LandingState,
  before: readonly JournalEntry[],
  candidate: { readonly merge: Oid } | null,
): Step {
  const { lane, read, landingRef } = state;
  if (lane === null || read === null || candidate === null)
    throw new Error("a push needs a lane, a target and a candidate");
  const number = state.step + before.length;
  const { merge } = candidate;
  const intent: JournalEntry = {
    kind: "pushing",
    step: number,
    merge,
    expected: read.tip,
    expectedLane: lane,
  };
  // A branch that is checked out somewhere is not pushed: the candidate is laid beside it first.
  const candidateRef = read.inCheckout
    ? `${candidatePrefix(request)}${request.runId}-${number}`
    : landingRef;
  return {
    entries: [...before, intent],
    next: {
      kind: "push",
      landingRef,
      candidateRef,
      expected: read.tip,
      merge,
      expectedLane: lane,
      mark: markOf(request, number),
    },
  };
}

type PushSeen = "pushed" | "push_refused" | "push_denied" | "checkout_merged" | "checkout_dirty";

function afterPush(request: LandingRequest, state: LandingState, seen: Seen<PushSeen>): Step {
  switch (seen.kind) {
    case "push_refused":
      return again(state, { kind: "push_refused", reason: seen.reason });
    case "push_denied":
      // A linked worktree has the branch checked out: beside it, as with a checkout that has changes.
      if (/checked out/.test(seen.reason)) return redirect(request, state, seen.reason);
      return end(
        mergeError(
          "push_refused",
          `The remote refuses the landing: ${seen.reason}.`,
          "Allow the credential to write this branch, or choose another delivery.",
        ),
      );
    case "checkout_dirty":
      return redirect(request, state, seen.reason);
    case "pushed": {
      const tip = state.read?.tip ?? null;
      const { merge, lane, offeredAs } = seen;
      if (offeredAs === null || tip === null) return landedNow(state, merge);
      return {
        entries: [{ kind: "offered", merge, lane }],
        next: { kind: "merge_checkout", candidateRef: offeredAs, merge, expected: tip },
      };
    }
    case "checkout_merged":
      return landedNow(state, seen.merge);
  }
}

function landedNow(state: LandingState, merge: Oid): Step {
  return {
    entries: [{ kind: "pushed", merge }],
    next: { kind: "prove", landingRef: state.landingRef, merge, method: "merge" },
  };
}

function afterProof(
  request: LandingRequest,
  state: LandingState,
  seen: Seen<"proved" | "cleaned">,
): Step {
  if (seen.kind === "proved")
    return { entries: [{ kind: "proved", proof: seen.proof }], next: { kind: "clean_up" } };
  return {
    entries: [{ kind: "cleaned", branchDeleted: seen.branchDeleted }],
    next: finished(request, state, seen.branchDeleted),
  };
}

/** Somebody moved the lane or the target: everything is read again, lane first. */
function again(
  state: LandingState,
  entry: Extract<JournalEntry, { kind: "lane_moved" | "push_refused" }>,
): Step {
  if (state.refusals >= refusalsMax) {
    const message = `${state.landingRef} moved ${state.refusals + 1} times while the work was being merged: ${entry.reason}.`;
    return {
      entries: [entry, ...endEntries(keepsMoving(message))],
      next: { kind: "finish", result: { ok: false, error: keepsMoving(message) } },
    };
  }
  return { entries: [entry], next: { kind: "read_lane", landingRef: state.landingRef } };
}

function keepsMoving(message: string) {
  return mergeError(
    "target_keeps_moving",
    message,
    "Try again when the branch is quiet, or lower what else writes to it.",
    { retryable: true },
  );
}

function redirect(request: LandingRequest, state: LandingState, reason: string): Step {
  const landingRef = integrationRefOf(request);
  if (state.landingRef === landingRef) return again(state, { kind: "push_refused", reason });
  return {
    entries: [{ kind: "redirected", landingRef, reason }],
    next: { kind: "read_lane", landingRef },
  };
}

function end(error: ReturnType<typeof mergeError>): Step {
  return { entries: endEntries(error), next: { kind: "finish", result: { ok: false, error } } };
}

function endEntries(error: ReturnType<typeof mergeError>): JournalEntry[] {
  return [{ kind: "ended", error }];
}

function finished(request: LandingRequest, state: LandingState, branchDeleted: boolean): Operation {
  if (state.proof === null) throw new Error("a landing is finished only after its proof");
  const beside = request.delivery === "merge" && state.proof.landedOn === integrationRefOf(request);
  const command = beside ? `git merge --ff-only ${landedBranch(request.target)}` : null;
  return { kind: "finish", result: { ok: true, proof: state.proof, branchDeleted, command } };
}

function markOf(request: LandingRequest, number: number): LaneMark {
  return { issuer: request.fenceIssuer, fence: request.fence, runId: request.runId, step: number };
}
