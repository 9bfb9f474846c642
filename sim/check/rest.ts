/** What must hold when the faults have stopped and nobody acts any more. */
import type { Image } from "../../protocol/index.ts";
import type { Files } from "../git/objects.ts";
import type { Play } from "../play/play.ts";
import { fileOf, lineOf, titleOf } from "../play/content.ts";
import type { Checks } from "./checks.ts";
import { isParked } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

type Issue = Image<"issue">;

/** Whether a bead has come to its end, or a person was told of it. */
export function isSettled(issue: Issue, checks: Checks): boolean {
  if (issue.status === "closed" || issue.status === "failed") return true;
  const { reviews, issues } = checks.view;
  const review = issue.reviewId === null ? undefined : reviews.get(issue.reviewId);
  if (review?.state === "needs_person" || isParked(issue)) return true;
  if (isHeldByTriage(issue, checks) || waitsForParkedRig(review ?? issue)) return true;
  const stuck = issue.blockedBy
    .map((id) => issues.get(id))
    .find((on) => on !== undefined && isStuck(on, checks));
  return issue.status === "open" && stuck !== undefined;
}

/** A person was told, and has the rig checked again. */
function waitsForParkedRig({ wait }: Pick<Issue, "wait">): boolean {
  return wait?.text.endsWith(" is parked: see its page") === true;
}

/** A person was told, and releases it. */
function isHeldByTriage({ id, held }: Issue, { view }: Checks): boolean {
  if (!held) return false;
  return [...view.escalations.values()].some(
    ({ subjectId, state, target, triage }) =>
      subjectId === id && state !== "resolved" && target === "person" && triage?.action === "hold",
  );
}

/** A blocker that has come to its end and will not land by itself. */
function isStuck(on: Issue, checks: Checks): boolean {
  if (on.status === "closed") return on.outcome === "cancelled";
  return isSettled(on, checks);
}

export function allSettled(play: Play, checks: Checks): boolean {
  if (!play.people.served || play.beads.size < play.beadsWanted) return false;
  for (const id of play.beads.values()) {
    const issue = checks.view.issues.get(id);
    if (play.deleted.has(id) || play.forgotten.has(id)) continue;
    if (issue === undefined || !isSettled(issue, checks)) return false;
  }
  return true;
}

/** After the town has come to rest. `unaided`: the share of beads that must have landed by themselves. */
export function checkRest(play: Play, checks: Checks, unaidedMin: number): void {
  const { view } = checks;
  let landed = 0;
  for (const [n, id] of play.beads) {
    const issue = view.issues.get(id);
    const merges = checks.landings.merges.get(id)?.size ?? 0;
    if (play.deleted.has(id)) {
      // A town that was put back may not know that it has landed, and lets it be deleted.
      if (issue !== undefined || (merges > 0 && !play.wasRestored))
        throw new Violation("deleted-stays", `${id} was deleted, and is there or has landed`);
      continue;
    }
    if (play.forgotten.has(id)) continue;
    if (issue === undefined)
      throw new Violation("acked-survives", `bead ${id} was given and is gone`);
    const hasLanded = issue.outcome === "landed";
    if (hasLanded) landed += 1;
    // Of a merge whose answer was lost a person is asked. A town that was put back may not know of a landing.
    const asks = view.reviews.get(issue.reviewId ?? "")?.state === "needs_person";
    const isUnknown = !hasLanded && (asks || play.wasRestored);
    if (!isUnknown && hasLanded !== merges > 0)
      throw new Violation(
        "landed-once",
        `${id} is ${issue.status} ${issue.outcome}, merged ${merges} times`,
      );
    if (hasLanded) checkContent(play, n, issue, checks);
    // What was told and resolved before the town's data was another is not looked for.
    else if (issue.status !== "closed" && !play.wasReplaced) checkTold(issue, checks);
  }
  checkReviews(checks);
  checkConvoys(checks);
  checkSettled(play, checks);
  checkAskedOnce(play, checks);
  const share = play.beads.size === 0 ? 1 : landed / play.beads.size;
  if (share < unaidedMin)
    throw new Violation("unaided", `${landed} of ${play.beads.size} beads landed unaided`);
}

/** What is on a branch of its convoy's own is in the target once that has landed. */
function checkContent(play: Play, n: number, issue: Issue, checks: Checks): void {
  const { view } = checks;
  const countIn = (all: readonly Files[]) =>
    all
      .map((files) => files.get(fileOf(n)) ?? "")
      .join("")
      .split(lineOf(n)).length - 1;
  const convoy = issue.convoyId === null ? undefined : view.convoys.get(issue.convoyId);
  const branch = convoy?.branch ?? null;
  const waits = branch !== null && convoy?.state !== "landed";
  const onBranch = waits ? countIn(play.filesOn(branch)) : 1;
  const count = countIn(play.landedFiles());
  // The branch is gone, with what has landed. A town that was put back may not know of that.
  const hasGone = play.wasRestored || hasLandedBefore(convoy?.id, checks);
  const isBeyond = onBranch === 0 && count === 1 && hasGone;
  if (onBranch !== 1 && !isBeyond) {
    const why = `the change of ${issue.id} is on ${branch} ${onBranch} times (${convoy?.state})`;
    throw new Violation("content-once", why);
  }
  // A landing that was cut off may have brought it there though its convoy has failed.
  if (waits ? count > 1 : count !== 1)
    throw new Violation(
      "content-once",
      `the change of ${issue.id} is in the targets ${count} times`,
    );
}

/** A convoy that has landed goes on when one of its beads is opened again. */
function hasLandedBefore(convoy: string | undefined, { view }: Checks): boolean {
  return [...view.issues.values()].some(
    ({ convoyId, landing, outcome }) => convoyId === convoy && landing && outcome === "landed",
  );
}

/** Whoever waits for a person has told one; what waits for another bead says so. */
function checkTold(issue: Issue, { view }: Checks): void {
  const review = view.reviews.get(issue.reviewId ?? "");
  const about = new Set([issue.id, issue.reviewId]);
  if (waitsForParkedRig(review ?? issue)) about.add(issue.rigId);
  const told = [...view.escalations.values()].some(
    ({ subjectId }) => subjectId !== null && about.has(subjectId),
  );
  if (!told && issue.blockedBy.length === 0)
    throw new Violation("person-told", `${issue.id} is ${issue.status} and nobody was told`);
}

/** Nobody goes on to read what is over, or was begun anew. */
function checkReviews({ view }: Checks): void {
  for (const { id, state, subjectId } of view.reviews.values()) {
    const issue = view.issues.get(subjectId);
    if (issue === undefined || state === "merged" || state === "withdrawn") continue;
    if (issue.status === "closed" || issue.status === "failed" || issue.reviewId !== id)
      throw new Violation("review-ends", `${id} is ${state}, and ${subjectId} is ${issue.status}`);
  }
}

/** A convoy ends with its beads, and as they did. */
function checkConvoys({ view }: Checks): void {
  for (const { id, state } of view.convoys.values()) {
    const members = [...view.issues.values()].filter(({ convoyId }) => convoyId === id);
    const over = members.length > 0 && members.every(({ status }) => status === "closed");
    if (over && (state === "active" || state === "landing"))
      throw new Violation("convoy-ends", `${id} is ${state}, and all of its beads are closed`);
    const dropped = members.find(({ outcome }) => outcome === "cancelled" || outcome === null);
    if (state === "landed" && dropped !== undefined)
      throw new Violation("convoy-ends", `${id} has landed without ${dropped.id}`);
  }
}

/** What was asked for once is there once. */
function checkAskedOnce(play: Play, { view }: Checks): void {
  const titles = [...view.issues.values()].map(({ title }) => title);
  for (const n of play.beads.keys()) {
    const count = titles.filter((title) => title === titleOf(n)).length;
    if (count > 1) throw new Violation("asked-once", `${titleOf(n)} is there ${count} times`);
  }
}

/** No runner keeps a run that the town has seen the end of. */
function checkSettled(play: Play, { view }: Checks): void {
  for (const { name, host } of play.runners) {
    if (!host.isUp) continue;
    const books = host.disk.look();
    const live = books.query<{ id: string }, []>(
      "select run_id as id from runs where state = 'live'",
    );
    for (const { id } of live.all())
      if (view.runs.get(id)?.state === "ended")
        throw new Violation("settled", `${id} has ended, and ${name} has it still in its book`);
  }
}
