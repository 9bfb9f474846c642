/** Lines of the audit for what is no command of its own. */
import { ok } from "../../protocol/index.ts";
import type { AuditEntry } from "../core.ts";
import type { TownLoop } from "./town-loop.ts";
import { writeAudit } from "../store/writes/feed.ts";

/** Keeps a line; it is on disk when this resolves. */
export async function keepAudit(loop: TownLoop, entry: AuditEntry): Promise<void> {
  const { actor, command, subject, text } = entry;
  await loop.submit(`audit ${command}`, (tx) => {
    tx.actor = actor;
    writeAudit(tx, command, true, null, { subject, text });
    return ok(null);
  });
}
