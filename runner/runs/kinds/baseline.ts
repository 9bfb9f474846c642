/** Baseline: do the rig's setup and gates pass on its target as it is? */
import type { FactBody } from "../../../protocol/facts.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import type { GitError } from "../../git/outcome.ts";
import { stoppedEnding } from "../agent/agent-turns.ts";
import { GATES_FAILED, runGates } from "../gates.ts";
import { ending, reasonOf, type Ending, type LiveRun } from "../live-run.ts";
import { Scratch } from "../scratch.ts";
import type { Workplace } from "../workplace.ts";

export async function runBaseline(
  place: Workplace,
  run: LiveRun<RunSpecOf<"baseline">>,
): Promise<Ending> {
  const { rig: spec } = run.spec;
  run.enter("fetching");
  const fetched = await place.rigs.fetch(spec, run.holder);
  if (!fetched.ok)
    return unknown(
      run,
      { target: null, targetOid: null },
      repositoryCode(fetched.error),
      `${fetched.error.message} ${fetched.error.next}`,
    );
  const { rig, target, targetOid } = fetched;
  const scratch = new Scratch(place, run, rig);
  try {
    run.enter("gates", `Setup and gates on ${fetched.target}`);
    const where = await scratch.open(targetOid);
    if ("infra" in where) return unknown(run, { target, targetOid }, where.code, where.infra);
    const end = await runGates(place, run, spec, where);
    if (end.kind === "infra")
      return unknown(run, { target, targetOid }, end.code ?? GATES_FAILED, end.message);
    run.progress("tool");
    return told({
      kind: "baseline",
      target,
      targetOid,
      green: end.green,
      gates: end.gates,
      reason: null,
    });
  } finally {
    await scratch.close();
  }
}

/** Nothing is known of the gates: `reason` says what is in the way. */
function unknown(
  run: LiveRun,
  seen: { target: string | null; targetOid: string | null },
  code: string,
  message: string,
): Ending {
  if (run.signal.aborted) return stoppedEnding(run);
  return told({
    kind: "baseline",
    ...seen,
    green: null,
    gates: [],
    reason: reasonOf(code, message),
  });
}

function told(fact: FactBody): Ending {
  return ending("done", null, "", { facts: [fact] });
}

/** A repository's trouble in the words of the wire. */
export function repositoryCode(error: GitError): string {
  switch (error.code) {
    case "authentication":
    case "credential_in_url":
      return "repository_auth";
    case "empty_repository":
      return "repository_empty";
    case "copied_file":
      return "copied_file";
    case "missing_branch":
      return "target_missing";
    case "not_a_repository":
    case "unsupported_url":
    case "shallow_repository":
      return "repository_invalid";
    default:
      return "repository_unreachable";
  }
}
