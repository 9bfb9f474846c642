import type { FactOf } from "../../../protocol/index.ts";
import { costMicroUsd as costOf } from "../../model/budget.ts";
import { readStoredModel } from "../settings.ts";
import { issues } from "../schema/beads.ts";
import { runs, usage, usageTotals } from "../schema/runs.ts";
import { addSpend } from "./limits/spend.ts";
import { noteSpend } from "./limits/limits.ts";
import { present } from "../present.ts";
import type { Tx } from "../tx.ts";
import { ALL_USAGE } from "../town-row.ts";
import { addRow, changeRow, rowAt, valueAt } from "../rows.ts";

/** One metered model call, kept by itself and in its run's totals (C16). */
export function recordUsage(tx: Tx, runId: string, call: FactOf<"usage">): void {
  const run = rowAt(tx.db, runs, runId);
  if (!run) return;
  const convoyId = run.beadId ? (valueAt(tx.db, issues.convoyId, run.beadId) ?? null) : null;
  const price = readStoredModel(tx.db)?.prices[call.model];
  const known = costOf(call, call.costUsd, price);
  const unpriced = known === null;
  const costMicroUsd = known ?? 0;
  const role = "agent" in run.spec ? run.spec.agent.role : "polecat";
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
    unpriced,
    durationMs: Math.round(call.durationMs),
    status: call.status,
  });
  const metered = { ...call, costMicroUsd, unpricedCalls: unpriced ? 1 : 0 };
  changeRow(tx.db, runs, runId, withCall(run, metered));
  const all = present(rowAt(tx.db, usageTotals, ALL_USAGE), "the totals of usage");
  changeRow(tx.db, usageTotals, ALL_USAGE, withCall(all, metered));
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

type Totals = Omit<typeof usageTotals.$inferSelect, "id">;

function withCall(before: Totals, call: Omit<Totals, "calls">): Totals {
  return {
    calls: before.calls + 1,
    inputTokens: before.inputTokens + call.inputTokens,
    outputTokens: before.outputTokens + call.outputTokens,
    reasoningTokens: before.reasoningTokens + call.reasoningTokens,
    cacheReadTokens: before.cacheReadTokens + call.cacheReadTokens,
    cacheWriteTokens: before.cacheWriteTokens + call.cacheWriteTokens,
    costMicroUsd: before.costMicroUsd + call.costMicroUsd,
    unpricedCalls: before.unpricedCalls + call.unpricedCalls,
  };
}
