import type { Purged } from "../../../../protocol/index.ts";
import { valueAt } from "../../rows.ts";
import { runners } from "../../schema/runs.ts";
import type { Tx } from "../../tx.ts";
import { escalate } from "../escalations.ts";

/** Work of a rig that is gone for good lies on one host alone: one card says where, until somebody resolves it. */
export function tellKept(
  tx: Tx,
  runnerId: string,
  { remote }: { remote: string },
  kept: Purged["kept"],
): void {
  const name = valueAt(tx.db, runners.name, runnerId) ?? runnerId;
  const lines = kept.map(({ path, reason }) => `- ${path}: ${reason}`);
  escalate(tx, {
    title: `Runner ${name} keeps work of a rig that was deleted`,
    body: `The rig of ${remote} is gone. On the host of ${name} this stays, because nothing proves that it is anywhere else:\n\n${lines.join("\n")}\n\nTake what you need, then remove these folders.`,
    severity: "medium",
    source: "rig/purge",
    subjectId: null,
    rigId: null,
    holdsWhile: null,
    key: `rig/purge ${runnerId} ${remote}`,
  });
}
