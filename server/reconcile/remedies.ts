/** What a person could do about a bead that does not move: commands that the town takes as they stand. */
import { isPaused } from "../model/provider.ts";
import { givesContents, isReached, usable } from "./gates.ts";
import { overspentOf, type Overspent } from "./limits/costs.ts";
import { mergesUngated, unmetBlockers } from "./readiness.ts";
import { pinnedTo, savedWait } from "./saved/saved-work.ts";
import type { IssueView, ReviewView, RigView, Snapshot } from "./snapshot.ts";
import { NEED } from "./stages.ts";

/** A command with its body. */
export interface Remedy {
  text: string;
  command: string;
  body: Record<string, unknown>;
}

function remedy(text: string, command: string, body: Record<string, unknown> = {}): Remedy {
  return { text, command, body };
}

/** Of an open bead: what keeps itself back, then what it waits for, then what holds up its rig. */
export function remedies(
  issue: IssueView,
  review: ReviewView | undefined,
  rig: RigView,
  s: Snapshot,
): Remedy[] {
  const { id, convoyId } = issue;
  const can = keptBack(issue, rig, s);
  if (issue.parked) can.push(remedy("Try it again", "bead.resume", { bead: id }));
  if (convoyId !== null && s.pauses.has(convoyId))
    can.push(remedy("Resume its convoy", "convoy.resume", { convoy: convoyId }));
  if (review?.state === "needs_person") can.push(...decide(review.id));
  can.push(...overspentOf(issue, s).map(raise));
  if (mergesUngated(issue, rig) !== null)
    can.push(
      remedy("Merge without gates", "rig.update", {
        rig: rig.id,
        set: { directMergeConfirmed: true },
      }),
    );
  for (const blocker of issue.blockers)
    if (blocker.status === "failed")
      can.push(remedy(`Try “${blocker.title}” again`, "bead.reopen", { bead: blocker.id }));
  for (const { on, isLost } of unmetBlockers(issue, rig))
    if (isLost) can.push(remedy("Go on without it", "bead.undepend", { bead: id, on }));
  const here = issue.taken === null ? pinnedTo(issue, rig, s) : null;
  // Its work is where git-lfs is not, whatever other runners have.
  const lacks = here !== null && !givesContents(here, rig, NEED.work);
  if (lacks && !pointersHelp(rig, s)) can.push(pointers(rig));
  return [...can, ...rigRemedies(rig, s)];
}

/** By a person's word. */
function keptBack(issue: IssueView, rig: RigView, s: Snapshot): Remedy[] {
  const { id, held, archived, staged, convoyId, molecule, taken } = issue;
  const can: Remedy[] = [];
  if (taken?.given === null)
    can.push(remedy("Give it back as it was", "bead.give", { bead: id, work: null }));
  if (taken?.given && savedWait(issue, rig, s) !== null)
    can.push(remedy("Go on without what was given back", "bead.give", { bead: id, work: null }));
  if (staged && molecule === null && convoyId !== null)
    can.push(remedy("Start its convoy", "convoy.start", { convoy: convoyId }));
  if (archived) can.push(remedy("Take it out of the archive", "bead.unarchive", { beads: [id] }));
  if (held) can.push(remedy("Release it", "bead.release", { bead: id }));
  return can;
}

export function decide(review: string): Remedy[] {
  return [
    remedy("Approve it", "review.decide", { review, verdict: "approve" }),
    remedy("Send it back with words", "review.decide", { review, verdict: "request_changes" }),
  ];
}

/** Twice what has been spent: enough for as much again. */
function raise({ scope, of, cost }: Overspent): Remedy {
  const { limit, microUsd, tokens } = cost;
  const isMoney = limit.microUsd !== null && limit.microUsd > 0 && microUsd >= limit.microUsd;
  const usd = Math.max(1, Math.ceil((2 * microUsd) / 1e6));
  const to = isMoney ? `$${usd}` : `${2 * tokens} tokens`;
  const whose = { bead: "the bead", convoy: "its convoy", day: "a day" }[scope];
  return remedy(`Raise the budget of ${whose} to ${to}`, "budget.set", {
    scope,
    ...(of !== null && { of }),
    ...(isMoney ? { usd } : { tokens: 2 * tokens }),
  });
}

export function rigRemedies(rig: RigView, s: Snapshot): Remedy[] {
  const can: Remedy[] = [];
  if (rig.deletion !== null) can.push(remedy("Take its rig back", "rig.restore", { rig: rig.id }));
  if (rig.state === "parked")
    can.push(remedy("Run the rig's baseline again", "rig.recheck", { rig: rig.id }));
  if (s.pauses.has("town")) can.push(remedy("Resume the town", "town.resume"));
  if (s.pauses.has(rig.id)) can.push(remedy("Resume the rig", "rig.resume", { rig: rig.id }));
  if (s.breaker.state !== "closed") can.push(remedy("Close the breaker", "breaker.reset"));
  const agents = s.providers.get("agents");
  if (agents !== undefined && isPaused(agents, s.now))
    can.push(remedy("Try the model's provider now", "provider.retry"));
  if (s.modelMissing || agents?.state === "refused")
    can.push(remedy("Set the model up", "model.set"));
  return [...can, ...ofRunners(rig, s)];
}

/** What would let a runner work for the rig, of those that the town knows. */
function ofRunners(rig: RigView, s: Snapshot): Remedy[] {
  const can: Remedy[] = [];
  const there = usable(null, s);
  const withPointers: RigView = { ...rig, lfs: "pointers" };
  if (pointersHelp(rig, s)) can.push(pointers(rig));
  // Where nobody has git-lfs, what else is missing is so with pointers too.
  const asked = s.runners.some((each) => isReached(each) && each.lfs) ? rig : withPointers;
  const fit = usable(asked, s, NEED.baseline);
  for (const [role, need] of AGENTS) {
    const program = "kilo";
    if (usable(asked, s, need).length > 0) continue;
    if (fit.some(({ programs }) => programs.includes(program)))
      can.push(remedy(`Let kilo be its ${role}`, "program.set", { role, program, rig: rig.id }));
  }
  if (fit.length === 0)
    for (const each of s.runners)
      if (each.away !== null && givesContents(each, asked, NEED.baseline))
        can.push(
          remedy(`Let runner ${each.name} work again`, "runner.resume", { runner: each.id }),
        );
  if (usable(asked, s, NEED.merge).length === 0)
    for (const { id: runner, name, rights } of fit)
      can.push(
        remedy(`Let runner ${name} land work`, "runner.rights", {
          runner,
          rights: [...rights, "merge"],
        }),
      );
  return there.length === 0 || fit.length > 0 ? can : [...can, ...admissions(asked, s)];
}

const AGENTS = [
  ["polecat", NEED.work],
  ["refinery", NEED.review],
] as const;

/** Some run of the rig has a runner only where its trees have pointers. */
function pointersHelp(rig: RigView, s: Snapshot): boolean {
  if (rig.lfs !== "fetched") return false;
  const there = usable(null, s);
  if (there.length > 0 && !there.some(({ lfs }) => lfs)) return true;
  return [NEED.baseline, NEED.work, NEED.review, NEED.merge].some(
    (need) =>
      usable(rig, s, need).length === 0 && usable({ ...rig, lfs: "pointers" }, s, need).length > 0,
  );
}

function pointers({ id: rig }: RigView): Remedy {
  return remedy("Let its trees have pointers", "rig.update", { rig, set: { lfs: "pointers" } });
}

/** What keeps every runner that is there from the rig: its labels, or that it isolates nothing. */
function admissions(rig: RigView, s: Snapshot): Remedy[] {
  const can: Remedy[] = [];
  const fitWith = (change: Partial<RigView>) => usable({ ...rig, ...change }, s, NEED.baseline);
  const set = (text: string, change: object) =>
    can.push(remedy(text, "rig.update", { rig: rig.id, set: change }));
  const withoutLabels = fitWith({ labels: [] });
  const bare = fitWith({ isolationConfirmed: true });
  if (fitWith({ labels: [], isolationConfirmed: true }).length === 0) return can;
  if (withoutLabels.length > 0 || bare.length === 0) {
    for (const { id: runner, name, labels } of withoutLabels)
      can.push(
        remedy(`Give runner ${name} the labels of the rig`, "runner.label", {
          runner,
          labels: [...new Set([...labels, ...rig.labels])],
        }),
      );
    set("Let any runner work on the rig", { labels: [] });
  }
  if (bare.length > 0 || withoutLabels.length === 0)
    set("Let its agents work without isolation", { isolationConfirmed: true });
  return can;
}
