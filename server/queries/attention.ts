/** Readings of beads that ask for somebody. */
import { and, asc, desc, eq, isNotNull, isNull, sql } from "drizzle-orm";
import { ok } from "../../protocol/index.ts";
import { escalationImage } from "../store/images/attention-images.ts";
import { present } from "../store/present.ts";
import { escalations } from "../store/schema/attention.ts";
import type { Query } from "./query.ts";

const severest = sql`case ${escalations.severity} when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end`;

const STATES = {
  open: and(isNull(escalations.resolvedAt), isNull(escalations.acknowledgedAt)),
  acknowledged: and(isNull(escalations.resolvedAt), isNotNull(escalations.acknowledgedAt)),
  resolved: isNotNull(escalations.resolvedAt),
} as const;

export const escalationList: Query<"escalation.list"> = ({ db }, body) => {
  const rows = db
    .select({ id: escalations.beadId })
    .from(escalations)
    .where(
      and(
        body.state ? STATES[body.state] : isNull(escalations.resolvedAt),
        body.target ? eq(escalations.target, body.target) : undefined,
      ),
    )
    .orderBy(
      ...(body.state === "resolved"
        ? [desc(escalations.resolvedAt)]
        : [asc(severest), asc(escalations.beadId)]),
    )
    .limit(body.limit)
    .all();
  return ok(rows.map(({ id }) => present(escalationImage(db, id), `escalation ${id}`)));
};
