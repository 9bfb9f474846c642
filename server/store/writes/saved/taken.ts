/** Beads that people work on themselves, and what they give back. */
import type { GivenWork, Taken } from "../../../../protocol/index.ts";
import { changeRow, rowAt } from "../../rows.ts";
import { issues } from "../../schema/beads.ts";
import type { runs } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { bumpVersion, recordEvent } from "../beads.ts";
import { unqueue } from "../ready.ts";

/** From now on nobody else works on it; what kept it from being worked on before is for the person to see. */
export function setTaken(tx: Tx, beadId: string, taken: Taken | null, text: string): void {
  changeRow(tx.db, issues, beadId, {
    taken,
    ...(taken && { parked: null, infraFailures: 0, infraSince: null, backOffUntil: null }),
  });
  if (taken) unqueue(tx, beadId);
  bumpVersion(tx, beadId);
  recordEvent(tx, beadId, taken?.given === null ? "taken" : "given_back", text);
}

/** A runner has what was given, on its disk: as work for review, or to go on from. */
export function tookGiven(
  tx: Tx,
  { beadId, spec }: Pick<typeof runs.$inferSelect, "beadId" | "spec">,
  review: boolean,
): void {
  const handed: GivenWork | null = spec.kind === "work" ? (spec.handed ?? null) : null;
  if (beadId === null || handed?.review !== review) return;
  if (rowAt(tx.db, issues, beadId)?.taken?.given?.oid !== handed.oid) return;
  changeRow(tx.db, issues, beadId, { taken: null });
  tx.touch("issue", beadId);
}
