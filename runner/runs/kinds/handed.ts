/** Work that a person gives back: checked like an agent's, saved, and handed over or left for an agent to go on with. */
import type { GivenWork } from "../../../protocol/bead.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { SAVED_COPY_AT_END_MS } from "../../config.ts";
import type { RigRepository } from "../../git/mirror.ts";
import { wipRef } from "../../git/names.ts";
import { failure, type GitError, type Outcome } from "../../git/outcome.ts";
import type { Oid } from "../../git/porcelain.ts";
import type { SavedProof } from "../../git/proof.ts";
import { type Place, remotePlace } from "../../git/push.ts";
import { isRewritten, resolveBase } from "../../works/base.ts";
import { verifyCommits } from "../../works/done.ts";
import { stoppedEnding } from "../agent/agent-turns.ts";
import { deleteGiven, givenRefs } from "../saves/forget-given.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";
import { repositoryCode } from "./baseline.ts";
import { carryOut, type HandOver } from "./hand-over.ts";

type WorkRun = LiveRun<RunSpecOf<"work">>;

export async function runHanded(place: Workplace, run: WorkRun, given: GivenWork): Promise<Ending> {
  const { spec } = run;
  run.enter("fetching");
  const fetched = await place.rigs.fetch(spec.rig, run.holder);
  if (!fetched.ok) return notTaken(repositoryCode(fetched.error), fetched.error);
  run.fact({ kind: "target_seen", oid: fetched.targetOid });
  const { rig, target } = fetched;
  run.enter("preparing", `What a person gave back: ${given.oid.slice(0, 12)}`);
  const there =
    given.runnerId === null ? remotePlace(rig, "push", run.holder) : { url: rig.storeDir };
  // None that comes while this one is looked at.
  const left = await givenRefs(place.works, there, spec.bead.id);
  const brought = await bring(place, rig, there, given);
  if (!brought.ok) return refused(brought.error);
  const base = await baseOf(place, run, { rig, target, given });
  if (!base.ok) return refused(base.error);
  if (!(await run.authority())) return stoppedEnding(run);
  const saved = await save(place, run, { rig, base: base.oid, head: given.oid });
  if (!saved.ok) return notTaken(repositoryCode(saved.error), saved.error);
  const carried = given.review && spec.bead.delivery !== "none";
  const tree = { rig, base: base.oid, start: base.oid, continues: null };
  await place.saves.saved(run, tree, { proof: saved.proof }, { carried });
  run.progress("tree");
  if (!given.review) {
    await place.saves.settled(spec.runId, SAVED_COPY_AT_END_MS);
    await tidy(place, rig, there, left);
    return ending(
      "stopped_by_person",
      "given_back",
      "A person has given it back to be gone on with.",
    );
  }
  const work: HandOver = {
    ...{ headOid: given.oid, baseOid: base.oid },
    ...{ summary: given.summary, noChangesReason: null },
  };
  run.remember({ handOver: work });
  const carriedOut = await carryOut(place, run, rig, work);
  if (!carriedOut.ok) return carriedOut.ending;
  await tidy(place, rig, there, left);
  return ending("done", null, "", { facts: [carriedOut.fact] });
}

/** Has the commit in the store; it is not taken on trust that the ref holds it. */
async function bring(
  { works }: Workplace,
  rig: RigRepository,
  there: Place,
  { ref, oid }: GivenWork,
): Promise<Outcome<object>> {
  const known = await works.history.hasCommit(rig, oid);
  if (!known.ok || known.yes) return known;
  const brought = await works.refs.bring(rig, there, ref);
  if (!brought.ok) return brought;
  const arrived = await works.history.hasCommit(rig, oid);
  if (!arrived.ok || arrived.yes) return arrived;
  return failure("unknown_base", `${ref} does not hold ${oid.slice(0, 12)}.`, GIVE_AGAIN);
}

const GIVE_AGAIN = "Take the bead again, and give it back from there.";

/** Where the person's commits leave what the bead begins from, once they hold nothing that may not land. */
async function baseOf(
  { works }: Workplace,
  { spec }: WorkRun,
  { rig, target, given }: { rig: RigRepository; target: string; given: GivenWork },
): Promise<Outcome<{ oid: Oid }>> {
  const { delivery } = spec.bead;
  const { convoyBranch } = spec.rig;
  const { oid: head, begins } = given;
  for (const oid of begins) {
    const gone = await isRewritten(works.history, rig, { base: oid, target, convoyBranch });
    if (!gone.ok) return gone;
    if (gone.yes) return failure("base_not_contained", takenOutWords(target, oid), GIVE_AGAIN);
  }
  const from = await resolveBase(works.history, rig, { target, delivery, convoyBranch });
  if (!from.ok) return from;
  for (const oid of spec.carries) {
    const held = await works.history.isAncestor(rig, oid, head);
    if (!held.ok) return held;
    if (!held.yes)
      return failure("base_not_contained", "It leaves out what its convoy has landed.", GIVE_AGAIN);
  }
  const base = await works.history.mergeBase(rig, head, from.oid);
  if (!base.ok) return base;
  const checked = await verifyCommits(works.history, { rig, base: base.oid }, head);
  return checked.ok ? base : checked;
}

function takenOutWords(target: string, oid: Oid): string {
  return `The history of ${target} was rewritten since this work began: landing it would bring back commits that were taken out. In a folder that has fetched the new one, \`git rebase --onto origin/${target} ${oid.slice(0, 12)}\` leaves them out.`;
}

/** Names it as the saved work of this run, as an agent's would be. Safe to repeat. */
async function save(
  { works }: Workplace,
  { spec }: WorkRun,
  { rig, base, head }: { rig: RigRepository; base: Oid; head: Oid },
): Promise<Outcome<{ proof: SavedProof }>> {
  const ref = wipRef(spec.bead.id, spec.runId);
  const store = { url: rig.storeDir };
  const now = await works.refs.read(store, [ref]);
  if (!now.ok) return now;
  if (now.refs.get(ref) !== head) {
    const named = await works.refs.push(rig, store, [{ ref, to: head, expected: null }]);
    if (!named.ok) return named;
  }
  const saved = { beadId: spec.bead.id, runId: spec.runId, oid: head, base };
  return await works.trees.verifySaved(rig, saved);
}

/** What it was given by is not needed any more, nor what it replaced; one that stays goes with the bead. */
async function tidy(
  { works, log }: Workplace,
  rig: RigRepository,
  there: Place,
  left: Outcome<{ refs: Map<string, Oid> }>,
): Promise<void> {
  const gone = left.ok ? await deleteGiven(works, rig, there, left.refs) : left;
  if (!gone.ok)
    log.warn("refs of given work were left behind", { url: there.url, why: gone.error.message });
}

function notTaken(code: string, { message, next, retryable }: GitError): Ending {
  const details = { phase: "prepare", retryable };
  return ending("rejected", code, `${message} ${next}`, { details });
}

/** Only the person can mend it; what cannot be reached is tried again. */
function refused(error: GitError): Ending {
  if (error.retryable) return notTaken(repositoryCode(error), error);
  const named = error.paths === undefined ? "" : ` (${error.paths.join(", ")})`;
  const message = `What a person gave back is not taken: ${error.message}${named} Take the bead again, mend it there, and give it back.`;
  return ending("rejected", "given_refused", message, { details: { phase: "prepare" } });
}
