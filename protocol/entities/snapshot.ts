/** What an agent program keeps of a conversation, as it travels between runners and the town: opaque, in chunks. */
import { z } from "zod";
import { SNAPSHOT_BYTES_MAX } from "../limits.ts";
import { turnIdSchema } from "../ids.ts";
import { agentProgramSchema } from "./agent-program.ts";

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in hex");

/** What a snapshot is of: only a driver of the same program reads its bytes. */
export const snapshotSchema = z.object({
  /** The last turn of a session that it holds; null for what a bead's author remembers. */
  turnId: turnIdSchema.nullable(),
  program: agentProgramSchema,
  sha256: sha256Schema,
  bytes: z.number().int().positive().max(SNAPSHOT_BYTES_MAX),
});
export type Snapshot = z.infer<typeof snapshotSchema>;
