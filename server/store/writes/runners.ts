import { eq } from "drizzle-orm";
import type { Hello } from "../../../protocol/index.ts";
import { runners } from "../schema/runs.ts";
import type { Tx } from "../tx.ts";
import { present } from "../present.ts";

export type RunnerRow = typeof runners.$inferSelect;

/** Records a hello. A new spool epoch starts the high-water mark afresh. Returns the row as it is now. */
export function welcomeRunner(tx: Tx, hello: Hello, tokenId: string): RunnerRow {
  const known = hello.runnerId
    ? tx.db.select().from(runners).where(eq(runners.id, hello.runnerId)).get()
    : undefined;
  const id = known?.id ?? tx.newId("runner");
  const seen = {
    name: hello.name,
    tokenId,
    local: hello.local,
    incarnation: hello.incarnation,
    connection: (known?.connection ?? 0) + 1,
    state: "connected" as const,
    isolation: hello.isolation,
    isolationReason: hello.isolationReason,
    slots: hello.slots,
    appVersion: hello.appVersion,
    spoolEpoch: hello.spoolEpoch,
    spoolSeq: Math.max(
      known?.spoolEpoch === hello.spoolEpoch ? known.spoolSeq : 0,
      hello.ackedSeq ?? 0,
    ),
    lastSeenAt: tx.now,
  };
  if (known) tx.db.update(runners).set(seen).where(eq(runners.id, id)).run();
  else
    tx.db
      .insert(runners)
      .values({ id, offerSeq: 0, ...seen })
      .run();
  tx.touch("runner", id);
  return present(
    tx.db.select().from(runners).where(eq(runners.id, id)).get(),
    `runners row of ${id}`,
  );
}

export function setRunnerState(
  tx: Tx,
  id: string,
  state: RunnerRow["state"],
  lastSeenAt?: number,
): void {
  tx.db
    .update(runners)
    .set({ state, ...(lastSeenAt !== undefined && { lastSeenAt }) })
    .where(eq(runners.id, id))
    .run();
  tx.touch("runner", id);
}

export function markSpool(tx: Tx, id: string, spoolSeq: number): void {
  tx.db.update(runners).set({ spoolSeq }).where(eq(runners.id, id)).run();
}
