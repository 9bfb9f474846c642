/** The provider's lanes, the breaker and what they count. */
import { and, eq, gt, isNull, lt, ne, or, sql } from "drizzle-orm";
import type { FailureReason } from "../../../../protocol/index.ts";
import type { BreakerMove } from "../../../model/breaker.ts";
import { countsAs } from "../../../model/outcomes.ts";
import type { Lane, ProviderView } from "../../../model/provider.ts";
import { given, prepared } from "../../prepared.ts";
import { breaker, providers, startFailures } from "../../schema/limits.ts";
import type { runs } from "../../schema/runs.ts";
import { town } from "../../schema/town.ts";
import type { Tx } from "../../tx.ts";
import { addRow } from "../../rows.ts";
import { restartLadders } from "../ladder.ts";

type RunRow = typeof runs.$inferSelect;
const DAY_MS = 24 * 3_600_000;

/** The town's own image shows what holds it back. */
export function touchTown(tx: Tx): void {
  const row = townRow(tx.db).get();
  if (row) tx.touch("town", row.id);
}
const townRow = prepared((db) => db.select({ id: town.id }).from(town).limit(1).prepare());

export function setProvider(tx: Tx, view: ProviderView): void {
  tx.db
    .insert(providers)
    .values(view)
    .onConflictDoUpdate({ target: providers.lane, set: view })
    .run();
  touchTown(tx);
}

/** The model's settings were changed: what was known of the provider is of another one. */
export function forgetProviders(tx: Tx): void {
  tx.db.delete(providers).run();
  restartLadders(tx);
}

/** Lanes that are left alone are tried now. False: there is none. */
export function endProviderPauses(tx: Tx): boolean {
  const ended = tx.db
    .update(providers)
    .set({ untilAt: tx.now })
    .where(or(isNull(providers.untilAt), gt(providers.untilAt, tx.now)))
    .returning({ lane: providers.lane })
    .all();
  if (ended.length > 0) touchTown(tx);
  return ended.length > 0;
}

/** A run that was offered after the last trouble has an answer: its lane is clear. */
export function clearLane(tx: Tx, lane: Lane, run: Pick<RunRow, "offeredAt" | "model">): void {
  const cleared = clear(tx.db).all({ lane, offeredAt: run.offeredAt, model: run.model ?? "" });
  if (cleared.length === 0) return;
  touchTown(tx);
  restartLadders(tx);
}
const clear = prepared((db) =>
  db
    .delete(providers)
    .where(
      and(
        eq(providers.lane, given("lane")),
        lt(providers.strikeAt, given("offeredAt")),
        // The fallback model's answer says nothing of the one whose quota is used up.
        or(ne(providers.state, "quota"), eq(providers.model, given("model"))),
      ),
    )
    .returning()
    .prepare(),
);

export function moveBreaker(tx: Tx, move: BreakerMove): void {
  tx.db
    .update(breaker)
    .set({
      ...move,
      since: tx.now,
      probeRunId: null,
      ...(move.state === "closed" && { resetAt: tx.now }),
      // What was spent before is said by the reason; the probe begins anew.
      spentMicroUsd: 0,
      spentTokens: 0,
      spentSince: tx.now,
    })
    .run();
  touchTown(tx);
}

/** This run tries for all while the breaker is half open. */
export function setProbe(tx: Tx, runId: string): void {
  tx.db.update(breaker).set({ probeRunId: runId }).run();
  touchTown(tx);
}

/** Only work and reviews count: talking with the Mayor moves no work and is no runaway. */
function isWatched(run: Pick<RunRow, "kind" | "beadId">): run is { kind: "work"; beadId: string } {
  return (run.kind === "work" || run.kind === "review") && run.beadId !== null;
}

export function noteEnd(
  tx: Tx,
  run: RunRow,
  { outcome, reason }: { outcome: NonNullable<RunRow["outcome"]>; reason: FailureReason | null },
): void {
  if (!isWatched(run)) return;
  const as = countsAs(outcome, run.progressAt !== null, reason?.code ?? null);
  if (as !== "start_failure") return;
  tx.db
    .delete(startFailures)
    .where(lt(startFailures.at, tx.now - DAY_MS))
    .run();
  addRow(tx.db, startFailures, { runId: run.id, beadId: run.beadId, at: tx.now });
}

const addSpend = prepared((db) =>
  db
    .update(breaker)
    .set({
      spentMicroUsd: sql`iif(${breaker.spentSince} < ${given("from")}, 0, ${breaker.spentMicroUsd}) + ${given("cost")}`,
      spentTokens: sql`iif(${breaker.spentSince} < ${given("from")}, 0, ${breaker.spentTokens}) + ${given("tokens")}`,
      spentSince: sql`iif(${breaker.spentSince} < ${given("from")}, ${given("now")}, ${breaker.spentSince})`,
    })
    .prepare(),
);
const noSpend = prepared((db) =>
  db
    .update(breaker)
    .set({ spentMicroUsd: 0, spentTokens: 0, spentSince: given("now") })
    .where(ne(breaker.spentTokens, 0))
    .prepare(),
);

/** What an agent's call cost, until the work of any agent moves. */
export function noteSpend(
  tx: Tx,
  run: RunRow,
  { costMicroUsd, tokens }: { costMicroUsd: number; tokens: number },
): void {
  if (!isWatched(run)) return;
  const from = tx.now - tx.policy.breakerWindowMs;
  addSpend(tx.db).run({ from, now: tx.now, cost: costMicroUsd, tokens });
}

/** The work moved: what was spent before was not in vain. */
export function noteProgress(tx: Tx, run: RunRow): void {
  if (isWatched(run)) noSpend(tx.db).run({ now: tx.now });
  if (run.agentId !== null) clearLane(tx, run.kind === "session" ? "mayor" : "agents", run);
}
