/** Whose name commits carry as their author: the person that the work is done for. */
import { z } from "zod";
import { refSchema } from "../ids.ts";
import { define, owner } from "./command-def.ts";

const LINE = /^[^\u0000-\u001f\u007f<>]+$/;
const name = z.string().trim().min(1).max(100).regex(LINE, "has signs that git does not take");
const email = z
  .string()
  .trim()
  .min(3)
  .max(200)
  .regex(/^[^\s<>@]+@[^\s<>@]+$/, "is no address");

export const authorChoiceSchema = z.object({
  name: z.string(),
  email: z.string(),
  /** `host`: what the git of whoever started the town says; `default`: it says nothing. */
  from: z.enum(["rig", "town", "host", "default"]),
});
export type AuthorChoice = z.infer<typeof authorChoiceSchema>;

const rig = refSchema.optional();

export const authorCommands = {
  "author.get": define({
    mode: "query",
    roles: owner,
    summary: "Whose name commits carry as their author, and where that comes from",
    body: z.strictObject({ rig }),
    value: authorChoiceSchema,
  }),
  "author.set": define({
    mode: "command",
    roles: owner,
    summary:
      "Name the author of commits, of the town or of one rig; null lets the other hold again",
    body: z.strictObject({ author: z.strictObject({ name, email }).nullable(), rig }),
    value: authorChoiceSchema,
  }),
} as const;
