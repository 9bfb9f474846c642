/** From which saved work the next run of a bead begins, and whether it has to wait for the runner that alone has it. */
import type { GivenWork, RunSpecOf, Wait } from "../../../protocol/index.ts";
import { Capacity } from "../capacity.ts";
import { isGoing, isolates, isReached, lackOf, usable } from "../gates.ts";
import { policyOf } from "../policy-of.ts";
import type { IssueSaved, IssueView, RigView, RunnerView, Snapshot } from "../snapshot.ts";
import { HANDED_NEED } from "../stages.ts";

/** The runner that alone has the newest saved work of a bead; null: the rig's repository has it, or there is none. */
function keeperOf({ saved }: IssueView): string | null {
  return saved === null || saved.remoteOid === saved.oid ? null : saved.runnerId;
}

/** The runner that the bead's next run is to be on, while it can be reached. */
export function pinnedTo(issue: IssueView, rig: RigView, s: Snapshot): RunnerView | null {
  const keeper = issue.taken?.given ? issue.taken.given.runnerId : keeperOf(issue);
  return usable(rig, s).find(({ id }) => id === keeper) ?? null;
}

/** Why the bead waits for the runner that alone has its work, or null: for one that is away, only so long. */
export function savedWait(issue: IssueView, rig: RigView, s: Snapshot): Omit<Wait, "rule"> | null {
  if (issue.taken?.given) return givenWait(issue.taken.given, rig, s);
  const keeper = keeperOf(issue);
  const runner = s.runners.find(({ id }) => id === keeper);
  if (runner === undefined || issue.saved === null) return null;
  const what = `runner ${runner.name}, which alone has ${linesOf(issue.saved)} of it`;
  const here = pinnedTo(issue, rig, s);
  if (here !== null) {
    const lack = lackOf(here, rig, s);
    if (lack !== null)
      return {
        text: `waits for ${what}, and has no ${lack.of}: install it there and start that runner again, or ${lack.instead}`,
        untilAt: null,
      };
    return isFull(here, s) ? { text: `waits for a free slot on ${what}`, untilAt: null } : null;
  }
  // Nobody waits for what the town does not trust any more.
  if (runner.revokedAt !== null) return null;
  const isForbidden = isReached(runner) && !isGoing(runner);
  // It is there and cannot work for this rig: waiting would not bring the work.
  if (isForbidden && !isolates(runner, rig)) return null;
  // Where people have taken its label, it may still copy what it saved.
  const fromAt = isForbidden ? Math.max(runner.grantedAt, rig.labelsAt) : awayFrom(runner, s);
  const untilAt = Math.max(fromAt + policyOf(s, rig.id).savedWorkPatienceMs, s.observingUntil ?? 0);
  if (untilAt <= s.now) return null;
  const text = isForbidden ? `${what}, and may not go on with it` : what;
  return { text: `waits for ${text}`, untilAt };
}

function isFull(runner: RunnerView, s: Snapshot): boolean {
  return new Capacity(s).roomOn("agent", runner) <= 0;
}

/** What a person gave lies with one runner, or in the rig's repository. */
function givenWait(given: GivenWork, rig: RigView, s: Snapshot): Omit<Wait, "rule"> | null {
  const { runnerId } = given;
  if (runnerId === null) return null;
  const here = usable(rig, s, HANDED_NEED).find(({ id }) => id === runnerId);
  if (here !== undefined) {
    const text = `waits for a free slot on runner ${here.name}, which has what a person gave back`;
    return isFull(here, s) ? { text, untilAt: null } : null;
  }
  const runner = s.runners.find(({ id }) => id === runnerId);
  const isTrusted = runner !== undefined && runner.revokedAt === null;
  const text = isTrusted
    ? `waits for runner ${runner.name}, which has what a person gave back`
    : `what a person gave back is with runner ${runner?.name ?? runnerId} alone, which was revoked: take it again, and give it from a host of the town`;
  return { text, untilAt: null };
}

/** From when it is waited for: one that a person has set away is heard, and still does not go on. */
function awayFrom(runner: RunnerView, { policy }: Snapshot): number {
  const { away, lastSeenAt } = runner;
  return isReached(runner) && away !== null ? away.at + policy.awayGraceMs : lastSeenAt;
}

/** What a run on this runner goes on from: the newest, or what the rig's repository has of that run. */
export function beginsFrom(
  { saved }: IssueView,
  runner: RunnerView,
): RunSpecOf<"work">["savedWork"] {
  if (saved === null) return null;
  const { ref, oid, baseOid, remoteOid, runnerId } = saved;
  if (remoteOid === oid || runnerId === null || runnerId === runner.id)
    return { ref, oid, baseOid, onRemote: remoteOid === oid };
  return remoteOid === null ? null : { ref, oid: remoteOid, baseOid, onRemote: true };
}

/** Work that a run on this runner leaves behind, for a person who may miss it. */
export function leftBehind(
  issue: IssueView,
  runner: RunnerView,
  s: Snapshot,
): { title: string; body: string } | null {
  const keeper = keeperOf(issue);
  if (keeper === null || keeper === runner.id || issue.saved === null) return null;
  const of = s.runners.find(({ id }) => id === keeper);
  const host = of?.name ?? keeper;
  const why = goneWords(of);
  const { oid, ref, remoteOid } = issue.saved;
  const from = remoteOid === null ? "its base" : "an older save, which the rig's repository has";
  return {
    title: "Saved work was left behind on a runner",
    body: `The newest saved work of this bead (${linesOf(issue.saved)}, commit ${oid}) is on runner ${host} alone, as ${ref} in the store of its rig, and that runner ${why}. The bead goes on without it, from ${from}. When the runner is back, its work is kept there and copied to the rig's repository, where the rig allows: take from it what is missed, then resolve this.`,
  };
}

function goneWords(keeper: RunnerView | undefined): string {
  if (keeper === undefined) return "is gone";
  if (keeper.revokedAt !== null) return "was revoked";
  const isThere = isReached(keeper) && !isGoing(keeper);
  return isThere ? "may not work on it any more" : "was away for too long";
}

function linesOf({ lines }: IssueSaved): string {
  return lines === 1 ? "1 line" : `${lines} lines`;
}
