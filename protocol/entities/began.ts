/** How a rework began. */
import { z } from "zod";

/** In its author's session, or afresh and why. */
export const beganSchema = z.discriminatedUnion("how", [
  z.object({ how: z.literal("resumed") }),
  z.object({ how: z.literal("afresh"), why: z.string().max(500) }),
]);
export type Began = z.infer<typeof beganSchema>;
