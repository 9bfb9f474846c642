/** The newest snapshot of each session, and of the author of each bead. The bytes are a blob of that digest. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AgentProgram } from "../../../protocol/index.ts";
import { at } from "./columns.ts";

export const snapshots = sqliteTable("snapshots", {
  /** What its run held: the session, or the bead. */
  resource: text("resource").primaryKey(),
  /** The last turn of a session that is in it; null for a bead. */
  turnId: text("turn_id"),
  runId: text("run_id").notNull(),
  program: text("program").$type<AgentProgram>().notNull(),
  sha256: text("sha256").notNull(),
  bytes: integer("bytes").notNull(),
  at: at("at").notNull(),
});
