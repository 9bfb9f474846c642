import { eq } from "drizzle-orm";
import type { FailureReason } from "../../../protocol/index.ts";
import { CONVOY_STATUS, type ConvoyState } from "../../model/states.ts";
import { convoys } from "../schema/beads.ts";
import type { Tx } from "../tx.ts";
import { insertBead, projectStatus, recordEvent } from "./beads.ts";

export function createConvoy(tx: Tx, title: string, rigId: string): string {
  const id = insertBead(tx, { type: "convoy", status: CONVOY_STATUS.active, title, rigId });
  tx.db.insert(convoys).values({ beadId: id, state: "active" }).run();
  recordEvent(tx, id, "created", "created");
  return id;
}

export function settleConvoy(
  tx: Tx,
  id: string,
  state: ConvoyState,
  failure: FailureReason | null,
): void {
  tx.db
    .update(convoys)
    .set({ state, failure, landedAt: state === "landed" ? tx.now : null })
    .where(eq(convoys.beadId, id))
    .run();
  projectStatus(tx, id, "convoy", CONVOY_STATUS[state]);
  recordEvent(
    tx,
    id,
    state,
    state === "landed" ? "every bead has landed" : (failure?.message ?? state),
    { failure },
  );
}

/** A reopened bead makes its convoy active again. */
export function reactivateConvoy(tx: Tx, id: string): void {
  settleConvoy(tx, id, "active", null);
}
