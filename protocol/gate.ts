/** Commands that judge a tree. */
import { z } from "zod";

export const gateSchema = z.strictObject({
  name: z.string().trim().min(1).max(60),
  command: z.string().trim().min(1).max(2_000),
  timeoutMs: z.number().int().min(1_000).max(3_600_000).default(600_000),
});
export type Gate = z.infer<typeof gateSchema>;
