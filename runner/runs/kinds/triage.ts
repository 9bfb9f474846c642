/** Triage: an agent without repository or tree decides about a few requests, each by one call. */
import { triageMessage } from "../../agents/triage-briefing.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { shortId } from "../../../protocol/ids.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import { REPROMPT_WITHOUT_RESULT } from "../../agents/prompts/role-prompt.ts";
import { STOP_GRACE_MS } from "../../config.ts";
import { AgentHost } from "../agent/agent-host.ts";
import { runTurns, stoppedEnding } from "../agent/agent-turns.ts";
import { askTown } from "../agent/town-tools.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import { removeFolder } from "../scratch.ts";
import type { ScratchFolder } from "../../works/works.ts";
import type { Workplace } from "../workplace.ts";

type TriageRun = LiveRun<RunSpecOf<"triage">>;

export async function runTriage(place: Workplace, run: TriageRun): Promise<Ending> {
  const made = await place.works.scratch.empty(run.spec.runId);
  if (!made.ok)
    return ending("rejected", made.error.code, made.error.message, {
      details: { phase: "prepare" },
    });
  try {
    return await decideAll(place, run, made.scratch);
  } finally {
    await removeFolder(place, made.scratch);
  }
}

async function decideAll(
  place: Workplace,
  run: TriageRun,
  { treeDir: cwd, homeDir, tmpDir }: ScratchFolder,
): Promise<Ending> {
  const desk = new Desk(run);
  const opened = await AgentHost.open(place, run, {
    ...{ cwd, homeDir, tmpDir },
    role: "triage",
    readOnly: [],
    readWrite: [cwd],
    call: (tool, args) => desk.call(place, tool, args),
  });
  if (!opened.ok) return run.signal.aborted ? stoppedEnding(run) : opened.ending;
  const { host } = opened;
  run.enter("running");
  const end = await runTurns(place, run, host, {
    first: triageMessage(run.spec.requests),
    reprompt: REPROMPT_WITHOUT_RESULT.triage,
    result: desk.done,
    turnEnded: () => Promise.resolve(null),
  });
  const graceMs = run.stopOrder?.graceMs ?? (end.kind === "result" ? 0 : STOP_GRACE_MS);
  const exit = await host.close(graceMs);
  if (end.kind === "ended") return { ...end.ending, exit: end.ending.exit ?? exit };
  return ending("done", null, "", { exit });
}

/** Counts what is still to be decided. The town has the last word of each call. */
class Desk {
  readonly done: Promise<true>;
  readonly #run: TriageRun;
  readonly #left: Set<string>;
  readonly #finish: (value: true) => void;

  constructor(run: TriageRun) {
    const { promise, resolve } = Promise.withResolvers<true>();
    this.#run = run;
    this.done = promise;
    this.#finish = resolve;
    this.#left = new Set(run.spec.requests.map(({ id }) => id));
  }

  async call(place: Workplace, tool: string, args: Record<string, unknown>): Promise<ToolAnswer> {
    const scope = this.#run.spec.runId;
    const answer = await askTown(place, this.#run, { turnId: null, scope, tool, args });
    const ref = args["request"];
    const named = [...this.#left].find((id) => id === ref || shortId(id) === ref);
    if (named === undefined) return answer;
    if (answer.ok) this.#run.progress("tool");
    // Decided otherwise, or withdrawn, it waits for nothing more here.
    if (answer.ok || answer.error.code === "illegal_transition") this.#left.delete(named);
    if (this.#left.size === 0) this.#finish(true);
    return answer;
  }
}
