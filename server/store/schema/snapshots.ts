/** The newest snapshot of each session. The bytes are a blob of that digest. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { AgentProgram } from "../../../protocol/index.ts";
import { at } from "./columns.ts";

export const snapshots = sqliteTable("snapshots", {
  sessionId: text("session_id").primaryKey(),
  /** The last turn that is in it. */
  turnId: text("turn_id").notNull(),
  runId: text("run_id").notNull(),
  program: text("program").$type<AgentProgram>().notNull(),
  sha256: text("sha256").notNull(),
  bytes: integer("bytes").notNull(),
  at: at("at").notNull(),
});
