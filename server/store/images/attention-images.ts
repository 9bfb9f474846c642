/** Images of beads that ask for somebody. */
import { eq } from "drizzle-orm";
import type { Escalation } from "../../../protocol/index.ts";
import { escalationState } from "../../model/attention-states.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { escalations } from "../schema/attention.ts";
import { beads } from "../schema/beads.ts";
import { commonImage } from "./common-image.ts";

const escalationRow = prepared((db) =>
  db
    .select()
    .from(escalations)
    .innerJoin(beads, eq(beads.id, escalations.beadId))
    .where(eq(escalations.beadId, given("id")))
    .prepare(),
);

export function escalationImage(db: Db, id: string): Escalation | null {
  const row = escalationRow(db).get({ id });
  if (!row) return null;
  const { beadId: _id, key: _key, holdsWhile: _holds, ...escalation } = row.escalations;
  return {
    ...commonImage(row.beads),
    type: "escalation",
    body: row.beads.body,
    state: escalationState(escalation),
    ...escalation,
  };
}
