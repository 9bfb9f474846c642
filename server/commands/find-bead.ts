/** Beads as commands name them: at the version the caller saw, when he named one. */
import { refuse, type BeadType, type Issue, type Result } from "../../protocol/index.ts";
import { issueImage } from "../store/images/images.ts";
import { findBead } from "../store/refs.ts";
import type { beads } from "../store/schema/beads.ts";
import type { Tx } from "../store/tx.ts";

export type BeadRow = typeof beads.$inferSelect;

export function image(tx: Tx, id: string): Issue {
  const found = issueImage(tx.db, id);
  if (!found) throw new Error(`issue ${id} vanished`);
  tx.images.set(`issue ${id}`, found);
  return found;
}

/** A bead of these types. Errors: not_found, ambiguous, stale_version. */
export function findAt(
  tx: Tx,
  ref: string,
  types: readonly BeadType[],
  noun: string,
  version?: number,
): Result<BeadRow> {
  const bead = findBead(tx.db, ref, types, noun);
  if (!bead.ok || version === undefined || version === bead.value.version) return bead;
  return refuse(
    "stale_version",
    `it was changed since you looked (version ${bead.value.version}). Look again, then decide.`,
    { details: { version: bead.value.version } },
  );
}

export function findIssue(tx: Tx, ref: string, version?: number): Result<BeadRow> {
  return findAt(tx, ref, ["issue"], "bead", version);
}
