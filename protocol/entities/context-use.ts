/** How full an agent's conversation is, as its program tells. */
import { z } from "zod";

export const contextUseSchema = z.object({
  /** Of the last model call: what was sent and what was answered. */
  tokens: z.number().int().nonnegative(),
  /** What the program goes by; null where it does not tell. */
  windowTokens: z.number().int().positive().nullable(),
  /** How often the program went on from a summary, in this run. */
  compactions: z.number().int().nonnegative(),
});
export type ContextUse = z.infer<typeof contextUseSchema>;
