/** Commands about what asks for a person or the Mayor. */
import { z } from "zod";
import {
  escalationSchema,
  escalationStateSchema,
  escalationTargetSchema,
  mailModeSchema,
  mailSchema,
  mailStateSchema,
  questionSchema,
  questionStateSchema,
  rigAnswerSchema,
} from "../attention.ts";
import { define, owner, version } from "./command-def.ts";
import { answerIdSchema, refSchema } from "../ids.ts";

const limit = z.number().int().min(1).max(500).default(100);

const mailText = z.string().trim().min(1, "must not be empty").max(8_000);
/** A week. */
const MAIL_MINUTES_MAX = 7 * 24 * 60;

export const attentionCommands = {
  "escalation.list": define({
    mode: "query",
    roles: owner,
    summary: "Escalations, the most severe first; unresolved ones unless a state is given",
    body: z.strictObject({
      state: escalationStateSchema.optional(),
      target: escalationTargetSchema.optional(),
      limit,
    }),
    value: z.array(escalationSchema),
  }),
  "escalation.acknowledge": define({
    mode: "command",
    roles: owner,
    summary: "Say that you have seen an escalation: it grows no more severe",
    body: z.strictObject({ escalation: refSchema, version }),
    value: escalationSchema,
  }),
  "escalation.resolve": define({
    mode: "command",
    roles: owner,
    summary: "Close an escalation: nobody is reminded any more",
    body: z.strictObject({
      escalation: refSchema,
      version,
      note: z.string().trim().max(2_000).default(""),
    }),
    value: escalationSchema,
  }),
  "question.list": define({
    mode: "query",
    roles: owner,
    summary: "Agents' questions; open ones, the soonest deadline first, unless a state is given",
    body: z.strictObject({
      state: questionStateSchema.optional(),
      rig: refSchema.optional(),
      bead: refSchema.optional(),
      limit,
    }),
    value: z.array(questionSchema),
  }),
  "question.answer": define({
    mode: "command",
    roles: owner,
    summary: "Answer an agent's question; the rig keeps the answer for equal questions",
    body: z.strictObject({
      question: refSchema,
      version,
      answer: z.string().trim().min(1, "must not be empty").max(4_000),
      remember: z.boolean().default(true),
    }),
    value: questionSchema,
  }),
  "answer.list": define({
    mode: "query",
    roles: owner,
    summary: "Answers that rigs keep, newest first",
    body: z.strictObject({
      rig: refSchema.optional(),
      search: z.string().trim().min(1).max(200).optional(),
      limit,
    }),
    value: z.array(rigAnswerSchema),
  }),
  "answer.forget": define({
    mode: "command",
    roles: owner,
    summary: "Take a kept answer away: equal questions are asked again",
    body: z.strictObject({ answer: refSchema }),
    value: z.object({ id: answerIdSchema }),
  }),
  "mail.send": define({
    mode: "command",
    roles: owner,
    summary: "A message to whoever works on a bead, or to an agent",
    body: z.strictObject({
      to: refSchema,
      text: mailText,
      mode: mailModeSchema.default("wait_idle"),
      minutes: z.number().int().min(1).max(MAIL_MINUTES_MAX).optional(),
    }),
    value: mailSchema,
  }),
  "mail.list": define({
    mode: "query",
    roles: owner,
    summary: "Messages to agents, newest first; reading takes none away",
    body: z.strictObject({
      to: refSchema.optional(),
      state: mailStateSchema.optional(),
      limit,
    }),
    value: z.array(mailSchema),
  }),
  nudge: define({
    mode: "command",
    roles: owner,
    summary: "A word that an agent reads when its turn is over, or soon not at all",
    body: z.strictObject({
      to: refSchema,
      text: mailText.default("You are quiet. Say in one line where you are, then go on."),
    }),
    value: mailSchema,
  }),
};
