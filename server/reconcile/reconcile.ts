/** The decision: a pure function from one snapshot to a plan. */
import { convoyRule, issueRule, reviewRule, runRule } from "./classify.ts";
import { indexSnapshot, type Context, type Rule } from "./context.ts";
import type { Plan, Step } from "./plan.ts";
import { watchSilence } from "./rules/runner/watch-silence.ts";
import { handTurn } from "./rules/session/hand-turn.ts";
import { allocate } from "./rules/town/allocate.ts";
import type { Snapshot } from "./snapshot.ts";
import { wishedTimers } from "./timers.ts";

/**
 * @returns at most one step per entity, in the order in which they are to be applied, and the timers
 * that should exist. What a step changes is seen by the next tick.
 */
export function reconcile(snapshot: Snapshot): Plan {
  const context = indexSnapshot(snapshot);
  const steps: Step[] = [];
  const taken = new Set<string>();
  const add = (step: Step | null) => {
    if (!step) return;
    steps.push(step);
    for (const key of [step.key, ...step.expect.map((expect) => expect.id)]) taken.add(key);
  };
  decideAll(snapshot.runners, () => watchSilence, context, add);
  decideAll(snapshot.runs, runRule, context, add);
  decideAll(snapshot.reviews, reviewRule, context, add, taken);
  decideAll(snapshot.issues, issueRule, context, add, taken);
  decideAll(snapshot.convoys, convoyRule, context, add);
  const pending = snapshot.turns.find((turn) => turn.state === "pending");
  if (pending) add(handTurn.decide(pending, context));
  for (const step of allocate(context, taken)) add(step);
  return { steps, timers: wishedTimers(snapshot) };
}

function decideAll<T extends { id: string }>(
  subjects: readonly T[],
  classify: (subject: T, context: Context) => Rule<T> | null,
  context: Context,
  add: (step: Step | null) => void,
  taken?: ReadonlySet<string>,
): void {
  for (const subject of subjects) {
    if (taken?.has(subject.id)) continue;
    add(classify(subject, context)?.decide(subject, context) ?? null);
  }
}
