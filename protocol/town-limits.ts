/** What holds a whole town back. */
import { z } from "zod";
import { failureReasonSchema } from "./bead.ts";
import { timestampSchema } from "./time.ts";

export const pauseSchema = z.object({
  kind: z.enum(["pause", "stop"]),
  by: z.string(),
  reason: z.string(),
  at: timestampSchema,
});

export const townLimitsSchema = z.object({
  /** A person has paused or stopped the town. */
  pause: pauseSchema.nullable(),
  /** Ids of rigs and convoys that are paused. */
  paused: z.array(z.string()),
  /** What this day (UTC) has cost; `usedUp` says which limit stops agents. */
  day: z.object({
    spentUsd: z.number(),
    limitUsd: z.number().nullable(),
    usedUp: z.string().nullable(),
  }),
  /** The model's provider is in trouble: of agents, else of the Mayor. */
  provider: z
    .object({
      state: z.enum(["throttled", "quota", "unreachable", "refused"]),
      since: timestampSchema,
      untilAt: timestampSchema.nullable(),
      message: z.string(),
    })
    .nullable(),
  breaker: z.object({
    state: z.enum(["closed", "open", "half_open"]),
    since: timestampSchema,
    untilAt: timestampSchema.nullable(),
    reason: failureReasonSchema.nullable(),
  }),
});
export type TownLimits = z.infer<typeof townLimitsSchema>;
