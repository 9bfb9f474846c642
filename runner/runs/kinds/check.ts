/** Check: are the gates green on the tree that landing this head would make? */
import type { FactOf } from "../../../protocol/facts.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { candidateTree, historyGate } from "./candidate-tree.ts";
import { repositoryCode } from "./baseline.ts";
import { GATES_FAILED, runGatesOnce } from "../gates.ts";
import { ending, reasonOf, type Ending, type LiveRun } from "../live-run.ts";
import { Scratch } from "../scratch.ts";
import { stoppedEnding } from "../agent/agent-turns.ts";
import type { Workplace } from "../workplace.ts";

export async function runCheck(
  place: Workplace,
  run: LiveRun<RunSpecOf<"check">>,
): Promise<Ending> {
  const { spec } = run;
  run.enter("fetching");
  const fetched = await place.rigs.fetch(spec.rig, run.holder);
  if (!fetched.ok) return unknown(run, repositoryCode(fetched.error), fetched.error.message);
  run.fact({ kind: "target_seen", oid: fetched.targetOid });
  const candidate = await candidateTree(place, spec, fetched);
  if (!candidate.ok) return unknown(run, candidate.error.code, candidate.error.message);
  const rewritten = await historyGate(place, spec, fetched);
  if (!rewritten.ok) return unknown(run, rewritten.error.code, rewritten.error.message);
  if (rewritten.gate !== null) return told(run, { green: false, gates: [rewritten.gate] });
  const { merged } = candidate;
  if (merged.kind === "conflict") return told(run, { green: false, conflicts: [...merged.files] });
  run.enter("gates", `On ${fetched.target} with the change merged in`);
  const scratch = new Scratch(place, run, fetched.rig);
  try {
    const end = await runGatesOnce(place, run, spec.rig, merged.tree, () =>
      scratch.open(merged.tree),
    );
    if (end.kind === "infra") return unknown(run, end.code ?? GATES_FAILED, end.message);
    run.progress("tool");
    return told(run, { green: end.green, gates: end.gates });
  } finally {
    await scratch.close();
  }
}

/** Nobody is to blame: nothing is known of the gates. */
function unknown(run: LiveRun<RunSpecOf<"check">>, code: string, message: string): Ending {
  if (run.signal.aborted) return stoppedEnding(run);
  return told(run, { green: null, reason: reasonOf(code, message) });
}

function told(run: LiveRun<RunSpecOf<"check">>, seen: Partial<FactOf<"checked">>): Ending {
  const fact: FactOf<"checked"> = {
    kind: "checked",
    headOid: run.spec.headOid,
    green: null,
    gates: [],
    conflicts: [],
    reason: null,
    ...seen,
  };
  return ending("done", null, "", { facts: [fact] });
}
