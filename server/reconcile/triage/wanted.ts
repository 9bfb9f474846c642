/** What a triage agent is asked about, and when one may be started. Never about triage itself: only issue beads ask. */
import { isOver } from "../../model/escalation.ts";
import { TRIAGE_OF_RUN_MAX } from "../../model/triage.ts";
import type { EscalationView, TriageView } from "../attention.ts";
import { dayGate, laneGate, type Gate } from "../gates.ts";
import type { Snapshot } from "../snapshot.ts";

export function isTriageOn({ policy }: Snapshot): boolean {
  return policy.triage === 1;
}

/** Whether a request is to be made of this escalation now: there is a place for it, and none is open about its subject. */
export function wantsTriage(escalation: EscalationView, s: Snapshot): boolean {
  if (!isTriageOn(s) || !mayBeAsked(escalation, s)) return false;
  const subjects: (string | null)[] = [];
  for (const each of s.escalations) {
    if (subjects.length >= s.policy.triageOpenMax - s.triages.length) return false;
    if (!mayBeAsked(each, s) || subjects.includes(each.subjectId)) continue;
    if (each.id === escalation.id) return true;
    subjects.push(each.subjectId);
  }
  return false;
}

/** What is over, or is to remind first, takes no place from others. */
function mayBeAsked(each: EscalationView, { now, policy }: Snapshot): boolean {
  const { ambiguous, state, triages, subjectId } = each;
  if (!ambiguous || state !== "open" || triages.isOpen) return false;
  if (triages.made >= policy.triagePerBeadMax || !subjectId?.startsWith("bd_")) return false;
  return each.remindAt > now && !isOver(each.holdsWhile, each.subjectState);
}

/** Nobody waits for what triage would say. */
export function isOverFor({ escalationState }: TriageView): boolean {
  return escalationState === null || escalationState === "resolved";
}

export function isUsedUpBy({ tries }: TriageView, { policy }: Snapshot): boolean {
  return tries >= policy.triageTriesMax;
}

/** What the next triage run would be given, oldest first. */
export function triageBatch(s: Snapshot, taken: ReadonlySet<string>): TriageView[] {
  if (!isTriageOn(s)) return [];
  return s.triages
    .filter((each) => each.runId === null && !taken.has(each.id))
    .filter((each) => !isOverFor(each) && !each.isPersons && !isUsedUpBy(each, s))
    .filter(({ rigId, convoyId }) => ![rigId, convoyId].some((id) => id && s.pauses.has(id)))
    .slice(0, TRIAGE_OF_RUN_MAX);
}

/** Why no triage run is started, whatever slots are free; or null. */
export function triageGate(s: Snapshot): Gate | null {
  const { untilAt } = s.triageRest;
  if (untilAt !== null && untilAt > s.now)
    return { text: "triage rests: its last run decided nothing", untilAt };
  if (s.pauses.has("town")) return { text: "the town is paused", untilAt: null };
  if (s.modelMissing) return { text: s.modelMissing, untilAt: null };
  // Half open, it is tried by beads alone.
  if (s.breaker.state !== "closed")
    return { text: "the breaker is not closed", untilAt: s.breaker.untilAt };
  return dayGate(s) ?? laneGate("agents", s);
}
