/** Which program the agents of a role are. */
import { z } from "zod";
import { agentProgramSchema } from "../entities/agent-program.ts";
import { refSchema } from "../ids.ts";
import { roleSchema } from "../run.ts";
import { define, owner } from "./command-def.ts";

export const programChoiceSchema = z.object({
  role: roleSchema,
  program: agentProgramSchema,
  from: z.enum(["rig", "town", "default"]),
  /** Names of the connected runners that have it. */
  runners: z.array(z.string()),
});
export type ProgramChoice = z.infer<typeof programChoiceSchema>;

const rig = refSchema.optional();

export const programCommands = {
  "program.get": define({
    mode: "query",
    roles: owner,
    summary: "The program of each role, where that comes from, and who has it",
    body: z.strictObject({ rig }),
    value: z.array(programChoiceSchema),
  }),
  "program.set": define({
    mode: "command",
    roles: owner,
    summary: "Choose the program of a role; null lets the town's choice or the default hold again",
    body: z.strictObject({ role: roleSchema, program: agentProgramSchema.nullable(), rig }),
    value: programChoiceSchema,
  }),
} as const;
