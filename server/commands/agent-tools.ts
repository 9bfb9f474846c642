/** Agents' tool calls that the town decides, answered inside the tick; equal calls have one effect. */
import { and, eq } from "drizzle-orm";
import { z } from "zod";
import { ok, refuse, type Result, type ToolAnswer, type ToolFrame } from "../../protocol/index.ts";
import { urgent } from "../model/attention-states.ts";
import type { runs } from "../store/schema/runs.ts";
import { turns } from "../store/schema/runs.ts";
import type { Tx } from "../store/tx.ts";
import { escalate } from "../store/writes/escalations.ts";
import { recallAnswer, rememberAnswer } from "../store/writes/feed.ts";
import { askByTool } from "./attention/ask-tool.ts";
import { decideByTool } from "./attention/triage-tool.ts";
import type { CommandPorts } from "./command.ts";
import { callMayorTool } from "./mayor-tools.ts";

type RunRow = typeof runs.$inferSelect;

const escalateTool = z.object({
  title: z.string().trim().min(1).max(200),
  body: z.string().max(8_000),
  severity: z.enum(["low", "medium", "high", "critical"]).catch("medium"),
});

/** @param run live, and held by the runner that sent the frame under its fence */
export function callAgentTool(
  tx: Tx,
  run: RunRow,
  frame: ToolFrame,
  ports: CommandPorts,
): Result<ToolAnswer> {
  tx.actor = `run:${run.id}`;
  const { tool, turnId, key } = frame;
  if (run.kind === "session" && turnId !== null) {
    // A turn that has gone to another run, or is over, has no more effects.
    const own = tx.db
      .select({ id: turns.id })
      .from(turns)
      .where(and(eq(turns.id, turnId), eq(turns.runId, run.id), eq(turns.state, "running")))
      .get();
    if (!own) return refuse("stale_fence", "this turn is over or belongs to another run.");
    return ok(callMayorTool(tx, { tool, arguments: frame.arguments, turnId, key }, ports));
  }
  if (run.kind === "work") {
    if (tool === "gt_escalate") return ok(once(tx, run, frame, tellPerson));
    if (tool === "gt_ask") return ok(once(tx, run, frame, askByTool));
  }
  if (run.kind === "triage" && tool === "gt_triage_decide")
    return onceOk(tx, run, frame, (input) => decideByTool(tx, run, input, ports));
  return refuse("forbidden", `this run may not call ${tool}.`);
}

/** A call with the key of an earlier one that was no error has its answer, and no second effect. */
function once(
  tx: Tx,
  run: RunRow,
  frame: ToolFrame,
  act: (tx: Tx, run: RunRow, input: unknown) => ToolAnswer,
): ToolAnswer {
  const key = `tool:${run.id}:${frame.key}`;
  const earlier = recallAnswer(tx, key);
  if (earlier) return { isError: false, text: String(earlier.answer) };
  const answer = act(tx, run, frame.arguments);
  if (!answer.isError)
    rememberAnswer(tx, key, { command: frame.tool, bodyHash: "", answer: answer.text });
  return answer;
}

/** The same for a call that may be refused: a refusal is not remembered. */
function onceOk(
  tx: Tx,
  run: RunRow,
  frame: ToolFrame,
  act: (input: unknown) => Result<ToolAnswer>,
): Result<ToolAnswer> {
  let refusal: Result<ToolAnswer> | null = null;
  const answer = once(tx, run, frame, () => {
    const done = act(frame.arguments);
    if (done.ok) return done.value;
    refusal = done;
    return { isError: true, text: done.error.message };
  });
  return refusal ?? ok(answer);
}

function tellPerson(tx: Tx, run: RunRow, input: unknown): ToolAnswer {
  const parsed = escalateTool.safeParse(input);
  if (!parsed.success) {
    return { isError: true, text: "invalid_body: give a title and a body, then call again." };
  }
  escalate(tx, {
    ...parsed.data,
    source: `run:${run.id}`,
    subjectId: run.beadId,
    target: "mayor",
    rigId: run.rigId,
    key: `gt_escalate ${run.beadId ?? run.id} ${parsed.data.title}`,
    ambiguous: run.beadId !== null && !urgent(parsed.data.severity),
  });
  const next = "Go on with what you can do; call gt_done when the work is finished.";
  const told = urgent(parsed.data.severity) ? "A person was told." : "The Mayor is told.";
  return { isError: false, text: `${told} ${next}` };
}
