import { backOffMs } from "../../../model/backoff.ts";
import type { FailureReason } from "../../../../protocol/index.ts";
import type { Rule } from "../../context.ts";
import type { Action } from "../../plan.ts";
import type { RigView, RunView } from "../../snapshot.ts";

/** Wait after a run that said nothing of the rig: its tries are not counted, so the wait is fixed. */
const BLAMELESS_PAUSE_MS = 5_000;

/** A red baseline parks the rig with one card before any model is called; an unreachable one is tried again. */
export const settleBaseline: Rule<RunView> = {
  id: "rig/settle-baseline",
  why: "set-up and gates were run once on the target",
  decide(run, { rigs, s }) {
    const rig = run.rigId ? rigs.get(run.rigId) : undefined;
    if (!rig) return null;
    const result = run.result?.kind === "baseline" ? run.result : null;
    const measured =
      result && result.green !== null && result.targetOid !== null
        ? { oid: result.targetOid, ok: result.green, gates: result.gates }
        : null;
    const parked = measured?.ok ? null : reasonOf(this.id, run);
    // A run that was lost or turned away says nothing of the rig: it is tried again, uncounted.
    const blameless = !measured && run.outcome !== "done";
    const tries = measured ? 0 : rig.baselineTries + (blameless ? 0 : 1);
    const again =
      blameless || (!measured && tries < s.policy.baselineTriesMax && isTransient(parked));
    const isParked = !measured?.ok && !again;
    return {
      rule: this.id,
      key: rig.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "rig", id: rig.id, state: rig.state },
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        {
          do: "set_rig",
          rigId: rig.id,
          // A rig that left the branch to the remote is pinned to what the remote had.
          target: rig.target || (result?.target ?? ""),
          state: measured?.ok ? "ready" : again ? "checking" : "parked",
          parked,
          baseline: measured,
          tries,
          backOffUntil: again
            ? s.now + (blameless ? BLAMELESS_PAUSE_MS : backOffMs(tries + 1, rig.id, s.policy))
            : null,
        },
        ...(isParked && parked ? [card(this.id, rig, parked)] : []),
      ],
    };
  },
};

/** A parked rig dispatches nothing: a person is told, until he has it checked again. */
function card(rule: string, rig: RigView, parked: FailureReason): Action {
  return {
    do: "escalate",
    title: `Rig ${rig.name} is parked`,
    body: `${parked.message}. Nothing is dispatched to it before it is checked again.`,
    severity: "high",
    rule,
    subjectId: rig.id,
    rigId: rig.id,
  };
}

const TRANSIENT = new Set(["repository_unreachable", "gate_infrastructure"]);

/** Reasons that may pass by themselves; the others wait for a person. */
function isTransient(reason: FailureReason | null): boolean {
  return reason === null || TRANSIENT.has(reason.code);
}

function reasonOf(source: string, run: RunView): FailureReason {
  const result = run.result?.kind === "baseline" ? run.result : null;
  if (result?.reason) return result.reason;
  const red = result?.gates.find((gate) => !gate.ok);
  if (red) {
    return {
      code: "baseline_red",
      message: `gate ${red.name} is red on the target before any work; fix it there or change the gate, then check again`,
      source,
    };
  }
  return (
    run.reason ?? { code: run.outcome ?? "lost", message: "the baseline could not be run", source }
  );
}
