/** What is in the trash. */
import { count, desc, eq, isNotNull, sql } from "drizzle-orm";
import { ok } from "../../protocol/index.ts";
import { beads, issues } from "../store/schema/beads.ts";
import { rigs } from "../store/schema/runs.ts";
import type { Query } from "./query.ts";

/** A rig that an older version removed says no more of how. */
const UNKNOWN = { by: "person:owner", work: "save" } as const;

export const trashList: Query<"trash.list"> = ({ db, policies }) => {
  const rows = db
    .select()
    .from(rigs)
    .where(isNotNull(rigs.removedAt))
    .orderBy(desc(rigs.removedAt), desc(rigs.id))
    .all();
  return ok(
    rows.map(({ id, name, remote, deletion, removedAt }) => {
      const at = removedAt ?? 0;
      const counted = db
        .select({
          beads: count(),
          unfinished: sql<number>`coalesce(sum(${issues.state} <> 'closed'), 0)`,
        })
        .from(issues)
        .innerJoin(beads, eq(beads.id, issues.beadId))
        .where(eq(beads.rigId, id))
        .get();
      return {
        ...{ id, name, remote, removedAt: at, purgeAt: at + policies.town.trashKeptMs },
        deletion: deletion ?? { ...UNKNOWN, at },
        ...(counted ?? { beads: 0, unfinished: 0 }),
      };
    }),
  );
};
