/** What holds the town back: pauses, the provider's state, the breaker, failures to start. */
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FailureReason } from "../../../protocol/index.ts";
import type { BreakerState } from "../../model/breaker.ts";
import type { Lane, Trouble } from "../../model/provider.ts";
import { at, json } from "./columns.ts";

/** What a person has paused: `town`, a rig or a convoy. `stop` also ended the agents. */
export const pauses = sqliteTable("pauses", {
  subject: text("subject").primaryKey(),
  kind: text("kind").$type<"pause" | "stop">().notNull(),
  by: text("by").notNull(),
  reason: text("reason").notNull(),
  at: at("at").notNull(),
});

/** Lanes whose provider is in trouble; a lane without a row is clear. */
export const providers = sqliteTable("providers", {
  lane: text("lane").$type<Lane>().primaryKey(),
  state: text("state").$type<Trouble>().notNull(),
  since: at("since").notNull(),
  untilAt: at("until_at"),
  releaseAt: at("release_at").notNull(),
  strikes: integer("strikes").notNull(),
  strikeAt: at("strike_at").notNull(),
  message: text("message").notNull(),
  model: text("model"),
});

/** One row. */
export const breaker = sqliteTable("breaker", {
  id: text("id").primaryKey(),
  state: text("state").$type<BreakerState>().notNull().default("closed"),
  since: at("since").notNull(),
  untilAt: at("until_at"),
  openings: integer("openings").notNull().default(0),
  reason: json<FailureReason>("reason"),
  probeRunId: text("probe_run_id"),
  /** Failures before this do not count any more. */
  resetAt: at("reset_at").notNull(),
  spentMicroUsd: integer("spent_micro_usd").notNull().default(0),
  spentTokens: integer("spent_tokens").notNull().default(0),
  spentSince: at("spent_since").notNull(),
});

/** Totals per bead, convoy and day (`day:` and its number since 1970). */
export const spend = sqliteTable("spend", {
  subject: text("subject").primaryKey(),
  microUsd: integer("micro_usd").notNull(),
  tokens: integer("tokens").notNull(),
  /** What had been spent when a person gave a fresh allowance. */
  forgivenMicroUsd: integer("forgiven_micro_usd").notNull().default(0),
  forgivenTokens: integer("forgiven_tokens").notNull().default(0),
  warnedAt: at("warned_at"),
});

/** Limits of one bead or convoy. */
export const budgets = sqliteTable("budgets", {
  subject: text("subject").primaryKey(),
  microUsd: integer("micro_usd"),
  tokens: integer("tokens"),
});

export const startFailures = sqliteTable(
  "start_failures",
  {
    runId: text("run_id").primaryKey(),
    beadId: text("bead_id").notNull(),
    at: at("at").notNull(),
  },
  (t) => [index("start_failures_by_time").on(t.at)],
);
