import { z } from "zod";

/** Milliseconds since 1970-01-01 UTC by the town's wall clock. */
export const timestampSchema = z.number().int().nonnegative();
export const durationMsSchema = z.number().int().nonnegative();
