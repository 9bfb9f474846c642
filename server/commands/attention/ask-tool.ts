/** An agent asks: answered at once when the rig knows the answer, else by a person or, in time, by default. */
import { z } from "zod";
import { questionKindSchema, type ToolAnswer } from "../../../protocol/index.ts";
import { PERMISSION_OPTIONS } from "../../model/question.ts";
import type { runs } from "../../store/schema/runs.ts";
import type { Tx } from "../../store/tx.ts";
import {
  askQuestion,
  countQuestions,
  type QuestionRow,
} from "../../store/writes/attention/questions.ts";

const option = z.string().trim().min(1).max(200);
const askTool = z.object({
  question: z.string().trim().min(1).max(4_000),
  kind: questionKindSchema.default("question"),
  options: z.array(option).max(6).default([]),
  recommendation: z.string().trim().min(1).max(1_000).optional(),
  default: z.string().trim().min(1).max(1_000).optional(),
  revertible: z.boolean().default(true),
  wait: z.boolean().default(false),
  minutes: z.int().positive().optional(),
});

type RunRow = typeof runs.$inferSelect;

/** @param run a live work run */
export function askByTool(tx: Tx, run: RunRow, input: unknown): ToolAnswer {
  const parsed = askTool.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refused(`invalid_body: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`);
  }
  const { question, kind, wait, minutes, ...asked } = parsed.data;
  const options = kind === "permission" ? [...PERMISSION_OPTIONS] : asked.options;
  const { recommendation = null, default: fallback = null } = asked;
  const foreign = [recommendation, fallback].find(
    (each) => each !== null && options.length > 0 && !options.includes(each),
  );
  if (foreign !== undefined)
    return refused(`invalid_body: ${JSON.stringify(foreign)} is none of the options.`);
  if (run.beadId === null || run.rigId === null) return refused("this run has no bead.");
  const asking = countQuestions(tx, run.beadId);
  const { questionsOpenMax, questionsPerBeadMax, questionDeadlineMs, questionDeadlineMaxMs } =
    tx.policy;
  if (asking.open >= questionsOpenMax || asking.all >= questionsPerBeadMax)
    return refused("busy: too many questions. Decide yourself, and say so in your summary.");
  const waitMs = minutes === undefined ? questionDeadlineMs : minutes * 60_000;
  const row = askQuestion(tx, {
    ...{ kind, text: question, options, recommendation, default: fallback },
    ...{ revertible: asked.revertible, blocking: wait },
    deadlineAt: tx.now + Math.min(waitMs, questionDeadlineMaxMs),
    ...{ workBeadId: run.beadId, runId: run.id, rigId: run.rigId },
  });
  return { isError: false, text: said(row) };
}

function said(row: QuestionRow): string {
  if (row.answer !== null) return `Answered before in this rig: ${row.answer}`;
  const until = new Date(row.deadlineAt).toISOString().slice(0, 16);
  return row.blocking
    ? "Asked. Stop now: your work is saved, and goes on with the answer."
    : `Asked. Go on with what does not depend on it. If nobody answers before ${until}Z, this counts: ${row.fallback}`;
}

function refused(text: string): ToolAnswer {
  return { isError: true, text };
}
