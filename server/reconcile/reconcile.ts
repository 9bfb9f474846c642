/** The decision: a pure function from one snapshot to a plan. */
import {
  agentRule,
  convoyRule,
  escalationRule,
  issueRule,
  mailRule,
  moleculeRule,
  questionRule,
  reviewRule,
  rigRule,
  runRule,
  trashRule,
  triageRule,
  turnRule,
} from "./classify.ts";
import { TOWN } from "./concerns.ts";
import { indexSnapshot, type Context, type Rule } from "./context.ts";
import type { Plan, Step } from "./plan.ts";
import { watchSilence } from "./rules/runner/watch-silence.ts";
import { watchBreaker } from "./rules/town/watch-breaker.ts";
import { allocate } from "./rules/town/allocate.ts";
import type { Snapshot } from "./snapshot.ts";
import { wishedTimers } from "./timers.ts";

/**
 * @returns at most one step per entity in focus, in the order in which they are to be applied, and the timers that the
 * subjects in focus should have. What a step changes is seen by the next round. A rule that throws is set aside with
 * its subject; the others decide all the same.
 */
export function reconcile(snapshot: Snapshot): Plan {
  const context = indexSnapshot(snapshot);
  const plan: Plan = { steps: [], faults: [], timers: wishedTimers(context) };
  const taken = new Set<string>();
  const add = (step: Step | null) => {
    if (!step) return;
    plan.steps.push(step);
    taken.add(step.key);
    // A subject is only read: it has a step of its own in this round.
    for (const { table, id } of step.expect) if (table !== "subject") taken.add(id);
  };
  const guard = (rule: string, key: string, decide: () => void) => {
    try {
      decide();
    } catch (error) {
      plan.faults.push({ rule, key, error });
      taken.add(key);
    }
  };
  const decideAll = <T extends { id: string }>(
    subjects: readonly T[],
    classify: (subject: T, context: Context) => Rule<T> | null,
  ) => {
    for (const subject of subjects) {
      if (!snapshot.focus.has(subject.id) || taken.has(subject.id)) continue;
      const rule = classify(subject, context);
      if (rule) guard(rule.id, subject.id, () => add(rule.decide(subject, context)));
    }
  };
  decideAll(snapshot.runners, () => watchSilence);
  decideAll(snapshot.runs, runRule);
  decideAll(snapshot.reviews, reviewRule);
  decideAll(snapshot.issues, issueRule);
  decideAll(snapshot.convoys, convoyRule);
  decideAll(snapshot.molecules, moleculeRule);
  decideAll(snapshot.agents, agentRule);
  decideAll(snapshot.rigs, rigRule);
  decideAll(snapshot.trash, trashRule);
  decideAll(snapshot.turns, turnRule);
  decideAll(snapshot.escalations, escalationRule);
  decideAll(snapshot.questions, questionRule);
  decideAll(snapshot.triages, triageRule);
  decideAll(snapshot.mails, mailRule);
  if (!snapshot.focus.has(TOWN)) return plan;
  const before = plan.steps.length;
  guard("town/watch-breaker", TOWN, () => add(watchBreaker(snapshot)));
  // What the breaker became is seen by the next round.
  if (plan.steps.length === before)
    guard("town/allocate", TOWN, () => allocate(context, taken).forEach(add));
  return plan;
}
