/** How a conversation went on. */
import { z } from "zod";

/** How a run of a session began: with the agent's own memory, or with the transcript and why. */
export const continuedSchema = z.discriminatedUnion("how", [
  z.object({ how: z.literal("resumed") }),
  z.object({ how: z.literal("transcript"), why: z.string().max(500) }),
]);
export type Continued = z.infer<typeof continuedSchema>;
