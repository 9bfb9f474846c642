import { backOffMs } from "../../../model/backoff.ts";
import type { FailureReason } from "../../../../protocol/index.ts";
import type { Rule } from "../../context.ts";
import { judgesRig } from "../../judged.ts";
import { policyOf } from "../../policy-of.ts";
import { parkedCard } from "../../limits/parking.ts";
import type { Action } from "../../plan.ts";
import type { RigView, RunView, Snapshot } from "../../snapshot.ts";

/** A red baseline parks the rig with one card before any model is called; an unreachable one is tried again. */
export const settleBaseline: Rule<RunView> = {
  id: "rig/settle-baseline",
  why: "set-up and gates were run once on the target",
  decide(run, { rigs, s }) {
    const rig = run.rigId ? rigs.get(run.rigId) : undefined;
    if (!rig) return null;
    const set = judgesRig(run, rig) ? judged(this.id, run, rig, s) : overtaken(rig);
    return {
      rule: this.id,
      key: rig.id,
      expect: [
        { table: "run", id: run.id, state: "ended" },
        { table: "rig", id: rig.id, state: rig.state },
      ],
      actions: [
        { do: "settle_run", runId: run.id },
        { do: "set_rig", rigId: rig.id, ...set },
        ...(set.state === "parked" && set.parked && rig.state !== "parked"
          ? [parkedCard(this.id, rig, set.parked)]
          : []),
      ],
    };
  },
};

type RigSet = Omit<Extract<Action, { do: "set_rig" }>, "do" | "rigId">;

/** The rig was changed while it ran: what it found is of other gates or another target. */
function overtaken(rig: RigView): RigSet {
  const { target, state, backOffUntil, baselineTries: tries, infraSince } = rig;
  return { target, state, parked: null, baseline: null, backOffUntil, tries, infraSince };
}

function judged(rule: string, run: RunView, rig: RigView, s: Snapshot): RigSet {
  const result = run.result?.kind === "baseline" ? run.result : null;
  // A rig that left the branch to the remote is pinned to what the remote had.
  const target = rig.target || (result?.target ?? "");
  if (result && result.green !== null && result.targetOid !== null) {
    const baseline = { oid: result.targetOid, ok: result.green, gates: result.gates };
    const known = { target, baseline, backOffUntil: null, tries: 0, infraSince: null };
    return result.green
      ? { ...known, state: "ready", parked: null }
      : { ...known, state: "parked", parked: reasonOf(rule, run) };
  }
  const parked = reasonOf(rule, run);
  const tries = rig.baselineTries + 1;
  // A run that was lost or turned away says nothing of the rig, however often.
  const blameless = run.outcome !== "done";
  const infraSince = blameless ? rig.infraSince : (rig.infraSince ?? s.now);
  const waitedMs = infraSince === null ? 0 : s.now - infraSince;
  const again =
    blameless || (TRANSIENT.has(parked.code) && waitedMs < policyOf(s, rig.id).infraPatienceMs);
  return {
    target,
    baseline: null,
    tries,
    infraSince,
    parked,
    // What is ready goes on while a moved target is looked at.
    state: again ? rig.state : "parked",
    backOffUntil: again ? s.now + backOffMs(tries, rig.id, s.policy) : null,
  };
}

/** Reasons that may pass by themselves; the others wait for a person. */
const TRANSIENT = new Set(["repository_unreachable", "gate_infrastructure"]);

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
