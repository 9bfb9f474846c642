/** Agents' questions, and the answers that rigs keep. */
import { and, count, eq, inArray, ne } from "drizzle-orm";
import type { AnsweredBy, QuestionKind, RigAnswer } from "../../../../protocol/index.ts";
import {
  QUESTION_STATUS,
  questionAfter,
  type QuestionEvent,
} from "../../../model/attention-states.ts";
import { fallbackOf, fingerprintOf } from "../../../model/question.ts";
import { questions, rigAnswers } from "../../schema/attention.ts";
import { beads } from "../../schema/beads.ts";
import { runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { insertBead, projectStatus, recordEvent } from "../beads.ts";
import { noteForMayor } from "./digest.ts";
import { sendMail } from "./mails.ts";

export interface NewQuestion {
  kind: QuestionKind;
  text: string;
  options: readonly string[];
  recommendation: string | null;
  default: string | null;
  revertible: boolean;
  blocking: boolean;
  deadlineAt: number;
  workBeadId: string;
  runId: string;
  rigId: string;
}

export type QuestionRow = typeof questions.$inferSelect;

const TITLE_CHARS = 200;

/** Asks, and answers at once what the rig has an answer for. */
export function askQuestion(tx: Tx, asked: NewQuestion): QuestionRow {
  const { text, rigId, workBeadId, runId, default: _default, ...rest } = asked;
  const title = (text.split("\n", 1)[0] ?? "").slice(0, TITLE_CHARS);
  const id = insertBead(tx, {
    ...{ type: "question", status: "open", title, body: text },
    ...{ rigId, parentId: workBeadId },
  });
  const fingerprint = fingerprintOf(asked);
  const row: typeof questions.$inferInsert = {
    ...rest,
    ...{ beadId: id, state: "open", workBeadId, runId, fingerprint },
    options: [...asked.options],
    fallback: fallbackOf(asked),
  };
  tx.db.insert(questions).values(row).run();
  recordEvent(tx, id, "created", "asked", { runId });
  recordEvent(tx, workBeadId, "asked", `asked: ${title}`, { runId });
  tx.touch("issue", workBeadId);
  const kept = tx.db
    .select()
    .from(rigAnswers)
    .where(and(eq(rigAnswers.rigId, rigId), eq(rigAnswers.fingerprint, fingerprint)))
    .get();
  // The call itself is answered with it.
  if (kept) answerByPolicy(tx, id, kept, false);
  else noteForMayor(tx, "asked", id, "a person answers it, or its default does");
  return read(tx, id);
}

/** How many questions a bead has asked in its life, and how many of them are open. */
export function countQuestions(tx: Tx, workBeadId: string): { open: number; all: number } {
  const rows = tx.db
    .select({ state: questions.state, n: count() })
    .from(questions)
    .where(eq(questions.workBeadId, workBeadId))
    .groupBy(questions.state)
    .all();
  return {
    open: rows.find((row) => row.state === "open")?.n ?? 0,
    all: rows.reduce((sum, row) => sum + row.n, 0),
  };
}

/** @returns false when the question can take no such answer any more */
export function answerQuestion(
  tx: Tx,
  id: string,
  by: AnsweredBy,
  answer: string,
  tell = true,
): boolean {
  const row = read(tx, id);
  const set = { answer, answeredBy: by, answeredAt: tx.now };
  if (!move(tx, row, `answered_by_${by}`, set)) return false;
  const text = { policy: "answered as before", person: "answered", default: "nobody answered" };
  recordEvent(tx, id, "answered", `${text[by]}: ${answer}`);
  recordEvent(tx, row.workBeadId, "question_answered", `${text[by]}: ${answer}`);
  if (tell) tellAsker(tx, row, by, answer);
  return true;
}

/** @returns false when it is not open */
export function withdrawQuestion(tx: Tx, id: string, text: string): boolean {
  if (!move(tx, read(tx, id), "source_terminal", {})) return false;
  recordEvent(tx, id, "withdrawn", text);
  return true;
}

/** Keeps a person's answer for the rig; open questions that are equal get it now. */
export function keepAnswer(tx: Tx, questionId: string): void {
  const row = read(tx, questionId);
  const bead = tx.db.select().from(beads).where(eq(beads.id, questionId)).get();
  if (!bead || bead.rigId === null || row.answer === null) return;
  const { rigId } = bead;
  const { fingerprint, options, answer } = row;
  const said = { question: bead.body, options, answer, questionId };
  const by = { createdBy: tx.actor, createdAt: tx.now };
  tx.db
    .insert(rigAnswers)
    .values({ id: tx.newId("answer"), rigId, fingerprint, ...said, ...by })
    .onConflictDoUpdate({
      target: [rigAnswers.rigId, rigAnswers.fingerprint],
      set: { ...said, ...by },
    })
    .run();
  const kept = tx.db
    .select()
    .from(rigAnswers)
    .where(and(eq(rigAnswers.rigId, rigId), eq(rigAnswers.fingerprint, fingerprint)))
    .get();
  const equal = tx.db
    .select({ id: questions.beadId })
    .from(questions)
    .innerJoin(beads, eq(beads.id, questions.beadId))
    .where(
      and(
        eq(questions.state, "open"),
        eq(questions.fingerprint, fingerprint),
        eq(beads.rigId, rigId),
        ne(questions.beadId, questionId),
      ),
    )
    .all();
  if (kept) for (const each of equal) answerByPolicy(tx, each.id, kept, true);
}

/** @returns false when there is no such answer */
export function forgetAnswer(tx: Tx, id: string): boolean {
  return (
    tx.db
      .delete(rigAnswers)
      .where(inArray(rigAnswers.id, [id]))
      .returning({ id: rigAnswers.id })
      .all().length > 0
  );
}

function answerByPolicy(tx: Tx, id: string, kept: RigAnswer, tell: boolean): void {
  if (!answerQuestion(tx, id, "policy", kept.answer, tell)) return;
  tx.db
    .update(rigAnswers)
    .set({ uses: kept.uses + 1 })
    .where(eq(rigAnswers.id, kept.id))
    .run();
}

/** The run that asked and goes on is told; any later run has the answer in its briefing. */
function tellAsker(tx: Tx, row: QuestionRow, by: AnsweredBy, answer: string): void {
  const run = tx.db.select({ state: runs.state }).from(runs).where(eq(runs.id, row.runId)).get();
  if (row.blocking || run === undefined || run.state === "ended") return;
  const bead = tx.db.select().from(beads).where(eq(beads.id, row.beadId)).get();
  sendMail(tx, {
    toId: row.workBeadId,
    rigId: bead?.rigId ?? null,
    from: by === "person" ? "a person" : "the town",
    text: `Your question: ${bead?.title ?? ""}\nThe answer: ${answer}`,
    mode: "wait_idle",
    expiresAt: tx.now + tx.policy.mailTtlMs,
  });
}

function move(tx: Tx, row: QuestionRow, event: QuestionEvent, set: Partial<QuestionRow>): boolean {
  const next = questionAfter(row.state, event);
  if (next === null) return false;
  tx.db
    .update(questions)
    .set({ ...set, state: next })
    .where(eq(questions.beadId, row.beadId))
    .run();
  projectStatus(tx, row.beadId, "question", QUESTION_STATUS[next]);
  // What waits for the answer is looked at again.
  tx.touch("issue", row.workBeadId);
  return true;
}

function read(tx: Tx, id: string): QuestionRow {
  const row = tx.db.select().from(questions).where(eq(questions.beadId, id)).get();
  if (!row) throw new Error(`question ${id} is not there`);
  return row;
}
