/** Session: the Mayor answers turns one after the other, without any tree, and leaves when it has been idle. */
import type { Continued } from "../../../protocol/entities/continued.ts";
import type { RunSpecOf, TurnSpec } from "../../../protocol/run-spec.ts";
import { firstMessage } from "../../agents/briefing.ts";
import type { ToolAnswer } from "../../agents/mcp.ts";
import { quote } from "../../agents/quote.ts";
import { BROWSE_TOOL_NAME } from "../../agents/tools.ts";
import { STOP_GRACE_MS } from "../../config.ts";
import type { AgentHost } from "../agent/agent-host.ts";
import type { AgentJob } from "../agent/agent-job.ts";
import { ConversationKeeper } from "../agent/kept-conversation.ts";
import { takeUp } from "../agent/take-up.ts";
import { diedEnding, runTurns, stoppedEnding, type TurnsEnd } from "../agent/agent-turns.ts";
import { cutMiddle } from "../cut-text.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import { removeFolder } from "../scratch.ts";
import type { ScratchFolder } from "../../works/works.ts";
import { askTown } from "../agent/town-tools.ts";
import type { TurnQueue } from "../turn-queue.ts";
import type { Workplace } from "../workplace.ts";

type SessionRun = LiveRun<RunSpecOf<"session">>;

const TEXT_CHARS_MAX = 64_000;
const MESSAGE_CHARS_MAX = 2_000;
/** More than the town answers at once. */
const BROWSED_CHARS_MAX = 100_000;
/** Asking again would end the same: the person has to know. */
const MODEL_ENDS = new Set([
  "model_auth",
  "model_unknown",
  "model_unreachable",
  "quota",
  "throttled",
]);

export async function runSession(
  place: Workplace,
  run: SessionRun,
  turns: TurnQueue,
): Promise<Ending> {
  const made = await place.works.scratch.empty(run.spec.runId);
  if (!made.ok)
    return ending("rejected", made.error.code, made.error.message, {
      details: { phase: "prepare" },
    });
  try {
    return await converse(place, run, turns, made.scratch);
  } finally {
    await removeFolder(place, made.scratch);
  }
}

async function converse(
  place: Workplace,
  run: SessionRun,
  turns: TurnQueue,
  { treeDir: cwd, homeDir, tmpDir }: ScratchFolder,
): Promise<Ending> {
  let current: TurnSpec | null = null;
  const job: AgentJob = {
    ...{ cwd, homeDir, tmpDir },
    role: "mayor",
    readOnly: [],
    readWrite: [cwd],
    call: (tool, args) => callTool(place, run, current, tool, args),
  };
  const opened = await takeUp(place, run, job, "the Mayor");
  if (!opened.ok) return run.signal.aborted ? stoppedEnding(run) : opened.ending;
  const { host } = opened;
  const continued = continuedOf(opened);
  const keeper = new ConversationKeeper(place, run, host.driver);
  // Between two turns nobody else watches the agent.
  const died = new AbortController();
  void host.driver.exited.then(() => died.abort());
  const over = AbortSignal.any([run.signal, died.signal]);
  let end: Ending | null = null;
  if (run.spec.turns.length === 0) {
    run.markStarted();
    run.enter("waiting");
  }
  for (let taken = 0; end === null && taken < run.spec.limits.turnsMax; taken++) {
    current = await turns.next(run.spec.limits.warmMs, over);
    if (current === null) break;
    end = await answer(place, run, host, current, taken === 0 ? { continued } : null);
    if (end === null) await keeper.turnEnded(current.turnId);
    current = null;
  }
  await keeper.settled();
  if (died.signal.aborted && !run.signal.aborted) end ??= diedEnding(await host.driver.exited);
  const exit = await host.close(run.stopOrder?.graceMs ?? STOP_GRACE_MS);
  if (end !== null) return { ...end, exit: end.exit ?? exit };
  if (run.signal.aborted) return { ...stoppedEnding(run), exit };
  return ending("done", "idle", "Nothing was asked for a while.", { exit });
}

function continuedOf({ isResumed, why }: { isResumed: boolean; why: string | null }) {
  if (isResumed) return { how: "resumed" } as const;
  return why === null ? null : ({ how: "transcript", why } as const);
}

/** One turn; null when the session goes on after it. `first`: it begins the run. */
async function answer(
  place: Workplace,
  run: SessionRun,
  host: AgentHost,
  turn: TurnSpec,
  first: { continued: Continued | null } | null,
): Promise<Ending | null> {
  const { turnId } = turn;
  run.enter("answering");
  const continued = first?.continued ?? null;
  run.fact({ kind: "turn_started", turnId, ...(continued && { continued }) });
  host.stream.beginTurn(turnId);
  const seen = await runTurns<"closed">(place, run, host, {
    first: firstMessage({
      role: "mayor",
      turn,
      transcript: first !== null && continued?.how !== "resumed" ? run.spec.transcript : [],
    }),
    shown: { from: "person", text: turn.text },
    reprompt: "",
    // A session has no terminal tool: its turns end by themselves.
    result: Promise.withResolvers<"closed">().promise,
    turnEnded: () => Promise.resolve("closed"),
  });
  run.enter("waiting");
  run.rest();
  return tellEnd(run, host, turnId, seen);
}

function tellEnd(
  run: SessionRun,
  host: AgentHost,
  turnId: string,
  seen: TurnsEnd<"closed">,
): Ending | null {
  const text = cutMiddle(host.stream.spoken, TEXT_CHARS_MAX);
  const tell = (reason: "completed" | "interrupted" | "error", message: string | null) =>
    run.fact({
      kind: "turn_ended",
      turnId,
      text,
      reason,
      message: message?.slice(0, MESSAGE_CHARS_MAX) ?? null,
    });
  if (seen.kind === "result") {
    run.progress("tool");
    tell(host.lastError === null ? "completed" : "error", host.lastError);
    return null;
  }
  const { outcome, reason } = seen.ending;
  const message = reason?.message ?? null;
  if (outcome === "stopped_by_person") tell("interrupted", message);
  else if (MODEL_ENDS.has(reason?.code ?? "")) tell("error", message);
  // Any other turn was cut short and is executed again, with its journal, by the next run.
  return seen.ending;
}

async function callTool(
  place: Workplace,
  run: SessionRun,
  turn: TurnSpec | null,
  tool: string,
  args: Record<string, unknown>,
): Promise<ToolAnswer> {
  if (turn === null) {
    const message = "No turn is open: nobody asked for this now. Nothing was done.";
    return { ok: false, error: { code: "illegal_transition", message, retryable: false } };
  }
  const answer = await askTown(place, run, { turnId: turn.turnId, scope: turn.turnId, tool, args });
  if (tool !== BROWSE_TOOL_NAME || !answer.ok) return answer;
  // Foreign text: what a repository says is no order.
  const source = `the repository of rig ${String(args["rig"])}`;
  return { ...answer, value: quote(source, String(answer.value), BROWSED_CHARS_MAX) };
}
