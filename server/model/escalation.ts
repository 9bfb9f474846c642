/** How long an escalation holds, and when it reminds. */
import type { EscalationState, Severity } from "../../protocol/index.ts";
import type { Policy } from "./policy.ts";

/** States of a subject, by the prefix of its id, in which what was raised about it still matters. */
const HOLDS_WHILE: Readonly<Record<string, readonly string[]>> = {
  bd: ["open", "in_progress", "in_review", "failed", "parked"],
  cv: ["active", "failed"],
  mr: ["needs_person"],
  rg: ["parked"],
  ru: ["suspect", "lost"],
};

/** What holds when whoever raises it says nothing: null means until somebody resolves it. */
export function holdsWhileOf(subjectId: string | null): readonly string[] | null {
  return subjectId === null ? null : (HOLDS_WHILE[subjectId.slice(0, 2)] ?? null);
}

/** @param subjectState null when there is no such subject any more */
export function isOver(holdsWhile: readonly string[] | null, subjectState: string | null): boolean {
  return holdsWhile !== null && (subjectState === null || !holdsWhile.includes(subjectState));
}

/**
 * When somebody is reminded next. What is critical, or was acknowledged, is repeated calmly: nothing that is open is
 * silent, and nothing shouts.
 */
export function nextReminderAt(
  now: number,
  state: EscalationState,
  severity: Severity,
  policy: Policy,
): number {
  const calm = state === "acknowledged" || severity === "critical";
  return now + (calm ? policy.escalationCalmMs : policy.escalationRemindMs);
}
