import { eq, sql } from "drizzle-orm";
import type { FactOf } from "../../../protocol/index.ts";
import { issues } from "../schema/beads.ts";
import { runs, usage } from "../schema/runs.ts";
import { addSpend } from "./limits/spend.ts";
import { noteSpend } from "./limits/limits.ts";
import type { Tx } from "../tx.ts";

/** One metered model call, kept by itself and in its run's totals (C16). */
export function recordUsage(tx: Tx, runId: string, call: FactOf<"usage">): void {
  const run = tx.db.select().from(runs).where(eq(runs.id, runId)).get();
  if (!run) return;
  const convoy = run.beadId
    ? tx.db.select({ id: issues.convoyId }).from(issues).where(eq(issues.beadId, run.beadId)).get()
    : undefined;
  const costMicroUsd = Math.round(call.costUsd * 1e6);
  const role =
    run.spec.kind === "session" ? "mayor" : run.spec.kind === "review" ? "refinery" : "polecat";
  tx.db
    .insert(usage)
    .values({
      at: tx.now,
      runId,
      beadId: run.beadId,
      convoyId: convoy?.id ?? null,
      rigId: run.rigId,
      role,
      model: call.model,
      inputTokens: call.inputTokens,
      outputTokens: call.outputTokens,
      reasoningTokens: call.reasoningTokens,
      cacheReadTokens: call.cacheReadTokens,
      cacheWriteTokens: call.cacheWriteTokens,
      costMicroUsd,
      durationMs: Math.round(call.durationMs),
      status: call.status,
    })
    .run();
  tx.db
    .update(runs)
    .set({
      calls: sql`${runs.calls} + 1`,
      inputTokens: sql`${runs.inputTokens} + ${call.inputTokens}`,
      outputTokens: sql`${runs.outputTokens} + ${call.outputTokens}`,
      reasoningTokens: sql`${runs.reasoningTokens} + ${call.reasoningTokens}`,
      cacheReadTokens: sql`${runs.cacheReadTokens} + ${call.cacheReadTokens}`,
      cacheWriteTokens: sql`${runs.cacheWriteTokens} + ${call.cacheWriteTokens}`,
      costMicroUsd: sql`${runs.costMicroUsd} + ${costMicroUsd}`,
    })
    .where(eq(runs.id, runId))
    .run();
  const tokens =
    call.inputTokens +
    call.outputTokens +
    call.reasoningTokens +
    call.cacheReadTokens +
    call.cacheWriteTokens;
  noteSpend(tx, run, { costMicroUsd, tokens });
  const accounts = { beadId: run.beadId, convoyId: convoy?.id ?? null };
  addSpend(tx, accounts, { microUsd: costMicroUsd, tokens });
  tx.touch("run", runId);
}
