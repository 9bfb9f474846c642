/** Commands about what asks for a person or the Mayor. */
import { z } from "zod";
import { escalationSchema, escalationStateSchema, escalationTargetSchema } from "../attention.ts";
import { define, owner, version } from "./command-def.ts";
import { refSchema } from "../ids.ts";

const limit = z.number().int().min(1).max(500).default(100);

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
};
