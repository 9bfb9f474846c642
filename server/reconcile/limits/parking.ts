/** A rig that cannot be worked on until a person has looked: nothing is dispatched to it, and he is told once. */
import type { FailureReason } from "../../../protocol/index.ts";
import { personsMatter } from "../../model/outcomes.ts";
import type { Action } from "../plan.ts";
import type { RigView } from "../snapshot.ts";

export function parkRig(rule: string, rig: RigView, reason: FailureReason): Action[] {
  if (rig.state === "parked") return [];
  return [{ do: "park_rig", rigId: rig.id, reason }, parkedCard(rule, rig, reason)];
}

/** The rig is parked when the reason says that its repository cannot be used by anyone. */
export function parkUnusable(
  rule: string,
  rig: RigView | undefined,
  reason: FailureReason | null,
): Action[] {
  if (!rig || reason === null || personsMatter(reason.code) !== "rig") return [];
  return parkRig(rule, rig, reason);
}

export function parkedCard(rule: string, rig: RigView, reason: FailureReason): Action {
  return {
    do: "escalate",
    title: `Rig ${rig.name} is parked`,
    body: `${reason.message}. Nothing is dispatched to it before it is checked again.`,
    severity: "high",
    rule,
    subjectId: rig.id,
    rigId: rig.id,
  };
}
