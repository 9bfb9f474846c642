/** What an effect gets, and what its sending came to. */
import type { Ack } from "../../protocol/index.ts";
import type { RunnerPort } from "../core.ts";
import type { Db } from "../store/database.ts";
import type { runs } from "../store/schema/runs.ts";
import type { outbox } from "../store/schema/town.ts";
import type { Tx } from "../store/tx.ts";
import type { EffectWrites } from "./effect-writes.ts";

export type Owed = typeof outbox.$inferSelect;
export type RunRow = typeof runs.$inferSelect;

export interface Sending {
  db: Db;
  port: RunnerPort;
  owed: Owed;
  run: RunRow;
  connection: number;
  acceptByMs: number;
}
/** What a send came to: `done` writes its consequence; else it is tried again. */
export type Sent =
  | { done: true; apply(tx: Tx, writes: EffectWrites): void }
  | { done: false; error: string };

/** The sentence of a refusal or a missing answer. */
export function errorText(ack: Extract<Ack, { ok: false }>): string {
  return `${ack.error.code}: ${ack.error.message}`;
}
