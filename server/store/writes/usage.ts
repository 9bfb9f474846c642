import type { FactOf } from "../../../protocol/index.ts";
import { issues } from "../schema/beads.ts";
import { runs, usage } from "../schema/runs.ts";
import { addSpend } from "./limits/spend.ts";
import { noteSpend } from "./limits/limits.ts";
import type { Tx } from "../tx.ts";
import { addRow, changeRow, rowAt, valueAt } from "../rows.ts";

/** One metered model call, kept by itself and in its run's totals (C16). */
export function recordUsage(tx: Tx, runId: string, call: FactOf<"usage">): void {
  const run = rowAt(tx.db, runs, runId);
  if (!run) return;
  const convoyId = run.beadId ? (valueAt(tx.db, issues.convoyId, run.beadId) ?? null) : null;
  const costMicroUsd = Math.round(call.costUsd * 1e6);
  const role =
    run.spec.kind === "session" ? "mayor" : run.spec.kind === "review" ? "refinery" : "polecat";
  addRow(tx.db, usage, {
    at: tx.now,
    runId,
    beadId: run.beadId,
    convoyId,
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
  });
  changeRow(tx.db, runs, runId, {
    calls: run.calls + 1,
    inputTokens: run.inputTokens + call.inputTokens,
    outputTokens: run.outputTokens + call.outputTokens,
    reasoningTokens: run.reasoningTokens + call.reasoningTokens,
    cacheReadTokens: run.cacheReadTokens + call.cacheReadTokens,
    cacheWriteTokens: run.cacheWriteTokens + call.cacheWriteTokens,
    costMicroUsd: run.costMicroUsd + costMicroUsd,
  });
  const tokens =
    call.inputTokens +
    call.outputTokens +
    call.reasoningTokens +
    call.cacheReadTokens +
    call.cacheWriteTokens;
  noteSpend(tx, run, { costMicroUsd, tokens });
  const accounts = { beadId: run.beadId, convoyId };
  addSpend(tx, accounts, { microUsd: costMicroUsd, tokens });
  tx.touch("run", runId);
}
