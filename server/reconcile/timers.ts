/** When the town must look again: every open item has a timer here or waits for one that has. */
import { TOWN } from "./concerns.ts";
import type { TimerWish } from "./plan.ts";
import type { Context } from "./context.ts";
import { nextDayAt } from "../model/budget.ts";
import { dayGate } from "./gates.ts";
import { retiresAt } from "./rules/agent/retire.ts";
import { purgesAt } from "./rules/rig/purge.ts";
import { evictAt } from "./limits/eviction.ts";
import { policyOf } from "./policy-of.ts";
import { nextRungAt } from "./limits/ladder.ts";
import { isFrozen, wallAt } from "./limits/pauses.ts";
import { savedWait } from "./saved/saved-work.ts";
import type { Snapshot } from "./snapshot.ts";

/** The timers of the subjects in focus. */
export function wishedTimers(context: Context): TimerWish[] {
  const { s } = context;
  const timers: TimerWish[] = [];
  const wish = (subject: string, kind: string, dueAt: number | null) => {
    if (dueAt !== null && s.focus.has(subject)) timers.push({ subject, kind, dueAt });
  };
  wish(TOWN, "observing", s.observingUntil);
  if (dayGate(s)) wish(TOWN, "day", nextDayAt(s.now));
  wish(TOWN, "breaker", later(s.breaker.untilAt, s));
  if (s.triages.length > 0) wish(TOWN, "triage", later(s.triageRest.untilAt, s));
  for (const { lane, untilAt, releaseAt } of s.providers.values())
    wish(TOWN, `provider ${lane}`, later(untilAt, s) ?? later(releaseAt, s));
  for (const issue of s.issues) {
    if (issue.state !== "open") continue;
    wish(issue.id, "back_off", later(issue.backOffUntil, s));
    const rig = context.rigs.get(issue.rigId);
    if (rig) wish(issue.id, "saved_work", later(savedWait(issue, rig, s)?.untilAt ?? null, s));
  }
  for (const review of s.reviews) {
    wish(review.id, "back_off", later(review.backOffUntil, s));
    if (review.infraSince !== null)
      wish(
        review.id,
        "patience",
        later(review.infraSince + policyOf(s, review.rigId).infraPatienceMs, s),
      );
  }
  for (const rig of s.rigs) wish(rig.id, "back_off", later(rig.backOffUntil, s));
  for (const each of s.trash) wish(each.id, "trash", later(purgesAt(each, s), s));
  for (const run of s.runs) {
    if (run.state === "ended") continue;
    if (run.stopOrderedAt !== null)
      wish(run.id, "stop", run.stopOrderedAt + s.policy.stopGraceMs + 1);
    else if (!isFrozen(run, context)) wish(run.id, "wall", wallAt(run) + 1);
    wish(run.id, "rung", nextRungAt(run, context));
    wish(run.id, "eviction", later(evictAt(run, context), s));
  }
  for (const each of s.agents) wish(each.id, "idle", later(retiresAt(each, context), s));
  for (const each of s.questions) wish(each.id, "deadline", each.deadlineAt);
  for (const each of s.mails) wish(each.id, "expiry", each.expiresAt);
  for (const each of s.escalations) wish(each.id, "remind", each.remindAt);
  for (const runner of s.runners) {
    if (runner.state === "lost") continue;
    const ms = runner.state === "suspect" ? s.policy.runnerLostMs : s.policy.runnerSuspectMs;
    wish(runner.id, "silence", Math.max(runner.lastSeenAt + ms, s.observingUntil ?? 0));
  }
  return timers;
}

function later(dueAt: number | null, s: Snapshot): number | null {
  return dueAt !== null && dueAt > s.now ? dueAt : null;
}
