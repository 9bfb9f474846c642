import { z } from "zod";
import { isOid } from "../git/porcelain.ts";

const oid = z.string().refine(isOid);

export const proofSchema = z.object({
  /** `contained`: somebody else's update of the ref brought the source in. */
  method: z.enum(["merge", "contained"]),
  source: oid,
  merge: oid,
  /** What the ref held when it was looked at. */
  target: oid,
  landedOn: z.string(),
});
export type LandingProof = z.infer<typeof proofSchema>;

export const mergeErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean(),
  next: z.string(),
  files: z.array(z.string()).optional(),
  log: z.string().optional(),
});

/** One durable fact of a landing. Entries are only ever appended. */
export const journalEntrySchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("began"),
    fence: z.number().int(),
    runId: z.string(),
    source: oid,
    landingRef: z.string(),
  }),
  /** Written before the lane is pushed. */
  z.object({
    kind: z.literal("lane_advancing"),
    landingRef: z.string(),
    step: z.number().int(),
    expected: oid.nullable(),
  }),
  z.object({ kind: z.literal("lane_taken"), oid }),
  z.object({ kind: z.literal("lane_moved"), reason: z.string() }),
  z.object({
    kind: z.literal("target_read"),
    tip: oid.nullable(),
    target: oid,
    inCheckout: z.boolean(),
  }),
  z.object({
    kind: z.literal("found_landed"),
    merge: oid,
    method: z.enum(["merge", "contained"]),
    landedOn: z.string(),
  }),
  z.object({ kind: z.literal("redirected"), landingRef: z.string(), reason: z.string() }),
  z.object({ kind: z.literal("integrated"), onto: oid, merge: oid, tree: oid }),
  z.object({ kind: z.literal("gates_passed"), tree: oid }),
  /** Written before candidate and lane are pushed together. */
  z.object({
    kind: z.literal("pushing"),
    step: z.number().int(),
    merge: oid,
    expected: oid.nullable(),
    expectedLane: oid,
  }),
  z.object({ kind: z.literal("offered"), merge: oid, lane: oid }),
  z.object({ kind: z.literal("pushed"), merge: oid }),
  z.object({ kind: z.literal("push_refused"), reason: z.string() }),
  z.object({ kind: z.literal("proved"), proof: proofSchema }),
  z.object({ kind: z.literal("cleaned"), branchDeleted: z.boolean() }),
  z.object({ kind: z.literal("ended"), error: mergeErrorSchema }),
]);
export type JournalEntry = z.infer<typeof journalEntrySchema>;

/** Where a landing's journal is kept. `append` returns when the entry is on disk. */
export type JournalPort = {
  load(): Promise<readonly JournalEntry[]>;
  append(entry: JournalEntry): Promise<void>;
};

/** Entries as they were stored. Throws on one that this version did not write. */
export function parseJournal(stored: readonly unknown[]): JournalEntry[] {
  return stored.map((entry) => journalEntrySchema.parse(entry));
}
