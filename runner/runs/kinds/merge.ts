/** Merge: lands a reviewed head through the merge engine, with the journal on this runner's disk. */
import type { FactOf } from "../../../protocol/facts.ts";
import type { GateResult } from "../../../protocol/review.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { land } from "../../merge/engine.ts";
import { parseJournal, type JournalPort } from "../../merge/journal.ts";
import type { GatesPort, Workshop } from "../../merge/workshop.ts";
import type { LandingResult, MergeError } from "../../merge/outcome.ts";
import type { LandingRequest } from "../../merge/request.ts";
import type { Person } from "../../git/commit.ts";
import type { Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import { contains } from "../../works/base.ts";
import { stoppedEnding } from "../agent/agent-turns.ts";
import { repositoryCode } from "./baseline.ts";
import { candidateTree, historyGate } from "./candidate-tree.ts";
import { cutEnd } from "../cut-text.ts";
import { runGatesOnce } from "../gates.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import type { FetchedRig } from "../../works/rig-desk.ts";
import { Scratch } from "../scratch.ts";
import type { Workplace } from "../workplace.ts";

type MergeRun = LiveRun<RunSpecOf<"merge">>;

/** Fences of one epoch fit below the next one's. */
const FENCES_PER_EPOCH = 1_000_000;
const CONFLICTS_MAX = 200;
const MESSAGE_CHARS_MAX = 4_000;

export async function runMerge(place: Workplace, run: MergeRun): Promise<Ending> {
  const { spec } = run;
  run.enter("fetching");
  const fetched = await place.rigs.fetch(spec.rig, run.holder);
  if (!fetched.ok) {
    // Of what an earlier start of this run has pushed nothing is known now.
    const began = (await journalOf(place, run).load()).length > 0;
    return notLanded(
      run,
      fetched.error.retryable || began ? "infrastructure" : "refused",
      `${repositoryCode(fetched.error)}: ${fetched.error.message}`,
    );
  }
  run.fact({ kind: "target_seen", oid: fetched.targetOid });
  const request = await landingRequest(place, run, fetched);
  if (!request.ok) return notLanded(run, "infrastructure", request.error.message);
  const left = await leftBehind(place, spec, fetched);
  if (!left.ok) return notLanded(run, "infrastructure", left.error.message);
  if (left.oid !== null)
    return notLanded(
      run,
      "refused",
      `The work does not hold ${left.oid.slice(0, 12)}, which lies on its convoy's branch: it would be left behind.`,
    );
  // Of what an earlier start of this run has pushed the journal knows more.
  if (spec.purpose === "land" && (await journalOf(place, run).load()).length === 0) {
    const rewritten = await historyGate(place, spec, fetched);
    if (!rewritten.ok) return notLanded(run, "infrastructure", rewritten.error.message);
    const { gate } = rewritten;
    if (gate !== null) return notLanded(run, "gates_red", gate.log, { gates: [gate] });
  }
  const scratch = new Scratch(place, run, fetched.rig);
  const gates = gatesPort(place, run, scratch);
  const shop: Workshop = {
    works: place.works,
    rig: fetched.rig,
    gates,
    holder: run.holder,
    clock: place.clock,
    authority: () => run.authority(),
  };
  run.enter("landing", `Onto ${fetched.target}`);
  try {
    const result = await land(shop, request.request, journalOf(place, run), ({ kind }) => {
      place.log.debug("landing", { runId: spec.runId, operation: kind });
    });
    return endingOf(run, result, gates.last());
  } finally {
    await scratch.close();
  }
}

/** What the landing of a convoy must bring and its head does not hold; null: nothing. */
async function leftBehind(
  { works: { history } }: Workplace,
  { purpose, carries, headOid }: MergeRun["spec"],
  { rig }: FetchedRig,
): Promise<Outcome<{ oid: Oid | null }>> {
  if (purpose === "withdraw") return { ok: true, oid: null };
  for (const oid of carries) {
    const held = await contains(history, rig, { oid, inRef: headOid });
    if (!held.ok) return held;
    if (!held.yes) return { ok: true, oid };
  }
  return { ok: true, oid: null };
}

function journalOf(place: Workplace, run: MergeRun): JournalPort {
  const key = `merge:${run.spec.runId}`;
  return {
    load: () => Promise.resolve(parseJournal(place.journals.load(key))),
    append: (entry) => {
      place.journals.append(key, entry);
      return Promise.resolve();
    },
  };
}

async function landingRequest(
  place: Workplace,
  run: MergeRun,
  fetched: FetchedRig,
): Promise<Outcome<{ request: LandingRequest }>> {
  const { spec } = run;
  const from = await sourceOf(place, spec, fetched);
  if (!from.ok) return from;
  const { name, email } = from.committer;
  return {
    ok: true,
    request: {
      beadId: spec.bead.id,
      runId: spec.runId,
      // One issuer per rig, with the epoch in the number: an engine of an older epoch never takes a lane back.
      fence: spec.fence.epoch * FENCES_PER_EPOCH + spec.fence.n,
      fenceIssuer: spec.rig.id,
      title: spec.bead.title,
      source: spec.headOid,
      sourceBase: from.base,
      target: fetched.target,
      delivery: spec.bead.delivery,
      convoyBranch: spec.rig.convoyBranch,
      carries: spec.carries.length,
      withdraw: spec.purpose === "withdraw",
      runBranch: spec.branch === "" ? null : spec.branch,
      attribution: {
        author: spec.author,
        committer: { name: name || "gastown", email: email || "gastown@localhost" },
      },
    },
  };
}

/** Where the head comes from, and whose it is. A withdrawal lands nothing: its head may be gone. */
async function sourceOf(
  place: Workplace,
  spec: MergeRun["spec"],
  fetched: FetchedRig,
): Promise<Outcome<{ base: Oid | null; committer: Person }>> {
  if (spec.purpose === "withdraw")
    return { ok: true, base: null, committer: { name: "", email: "" } };
  const { history } = place.works;
  const candidate = await candidateTree(place, spec, fetched);
  if (!candidate.ok) return candidate;
  const base = await history.mergeBase(fetched.rig, spec.headOid, candidate.tip);
  if (!base.ok) return base;
  const head = await history.readCommit(fetched.rig, spec.headOid);
  if (!head.ok) return head;
  return { ok: true, base: base.oid, committer: head.commit.committer };
}

function gatesPort(
  place: Workplace,
  run: MergeRun,
  scratch: Scratch,
): GatesPort & { last(): GateResult[] } {
  let last: GateResult[] = [];
  return {
    last: () => last,
    run: async ({ tree }) => {
      const end = await runGatesOnce(place, run, run.spec.rig, tree, () => scratch.open(tree));
      if (end.kind === "infra") return { kind: "infra", message: end.message };
      last = end.gates;
      if (end.green) return { kind: "green" };
      return { kind: "red", log: end.gates.findLast(({ ok }) => !ok)?.log ?? "" };
    },
  };
}

function endingOf(run: MergeRun, result: LandingResult, gates: GateResult[]): Ending {
  if (result.ok) {
    const { method, landedOn: ref, source: sourceOid } = result.proof;
    const { merge: mergeOid, target: targetOid } = result.proof;
    run.progress("tree");
    const proof = { method, ref, sourceOid, mergeOid, targetOid };
    const fact: FactOf<"landed"> = {
      kind: "landed",
      headOid: run.spec.headOid,
      proof,
      hint: result.command,
    };
    return ending("done", null, "", { facts: [fact] });
  }
  if (run.signal.aborted) return stoppedEnding(run);
  const { message, next, files } = result.error;
  return notLanded(run, codeOf(result.error), `${message} ${next}`, {
    gates,
    conflicts: [...(files ?? [])].slice(0, CONFLICTS_MAX),
  });
}

function codeOf(error: MergeError): FactOf<"not_landed">["code"] {
  switch (error.code) {
    case "conflict":
    case "gates_red":
    case "withdrawn":
      return error.code;
    case "target_keeps_moving":
      return "target_moved";
    case "push_refused":
    case "lane_refused":
    case "superseded":
    case "already_landed":
    case "branch_moved":
      return error.retryable ? "infrastructure" : "refused";
    default:
      return "infrastructure";
  }
}

function notLanded(
  run: MergeRun,
  code: FactOf<"not_landed">["code"],
  message: string,
  more: Partial<FactOf<"not_landed">> = {},
): Ending {
  if (run.signal.aborted) return stoppedEnding(run);
  const fact: FactOf<"not_landed"> = {
    kind: "not_landed",
    headOid: run.spec.headOid,
    code,
    message: cutEnd(message, MESSAGE_CHARS_MAX),
    gates: [],
    conflicts: [],
    ...more,
  };
  return ending("done", null, "", { facts: [fact] });
}
