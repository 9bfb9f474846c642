/** The words an agent of each role is given, beside its briefing. */
import type { Role } from "../../../protocol/run.ts";
import { mayorPrompt } from "./mayor.ts";
import { polecatPrompt } from "./polecat.ts";
import { refineryPrompt } from "./refinery.ts";
import { triagePrompt } from "./triage.ts";

const PROMPTS: Readonly<Record<Role, () => string>> = {
  polecat: polecatPrompt,
  refinery: refineryPrompt,
  mayor: mayorPrompt,
  triage: triagePrompt,
};

/** System prompt of a role. */
export function rolePrompt(role: Role): string {
  return PROMPTS[role]();
}

/** Sent when a turn ended and the run is not finished: the terminal tool was not called. */
export const REPROMPT_WITHOUT_RESULT: Readonly<Record<Exclude<Role, "mayor">, string>> = {
  polecat:
    "Your turn ended, but the bead is not handed over. If the work is complete and the gates are green, call gt_done now. If not, go on and call it at the end. If you cannot go on, call gt_escalate, then gt_done with what you have.",
  refinery:
    "Your turn ended without a verdict. Call gt_verdict now; if you cannot judge the change, with cannot_decide and the reason.",
  triage:
    "Your turn ended, but requests are left. Decide each of them with gt_triage_decide now; where you cannot tell what is right, with escalate.",
};
