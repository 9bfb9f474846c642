/** Idle agents as their rule sees them. */
import { and, eq, inArray, sql } from "drizzle-orm";
import { agentStateOf } from "../../model/agents/agent-states.ts";
import type { AgentView } from "../../reconcile/snapshot.ts";
import type { Db } from "../database.ts";
import { given, prepared } from "../prepared.ts";
import { mails } from "../schema/attention.ts";
import { agents, beads, issues } from "../schema/beads.ts";
import { notInTrash } from "../trash/in-trash.ts";

const row = prepared((db) =>
  db
    .select({ agent: agents, rigId: beads.rigId, createdAt: beads.createdAt })
    .from(agents)
    .innerJoin(beads, eq(beads.id, agents.beadId))
    .where(and(eq(agents.beadId, given("id")), notInTrash(beads.rigId)))
    .prepare(),
);
const wish = prepared((db) =>
  db
    .select({ id: issues.beadId })
    .from(issues)
    .where(
      and(
        eq(issues.wishedAgentId, given("id")),
        sql`${issues.state} in ('open', 'in_progress', 'in_review')`,
      ),
    )
    .limit(1)
    .prepare(),
);
const mail = prepared((db) =>
  db
    .select({ id: mails.beadId })
    .from(mails)
    .where(and(eq(mails.toId, given("id")), inArray(mails.state, ["queued", "delivered"])))
    .limit(1)
    .prepare(),
);

/** Null when no rule decides about it: it is at work, has retired, or is the Mayor. */
export function prepareAgent(db: Db): (id: string) => AgentView | null {
  return (id) => {
    const found = row(db).get({ id });
    if (!found || found.agent.role === "mayor" || agentStateOf(found.agent) !== "idle") return null;
    const { idleSince, lastActivityAt } = found.agent;
    return {
      id,
      rigId: found.rigId,
      idleSince: idleSince ?? lastActivityAt ?? found.createdAt,
      isWanted: wish(db).get({ id }) !== undefined || mail(db).get({ id }) !== undefined,
    };
  };
}
