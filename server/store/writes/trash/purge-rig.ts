/**
 * The end of a rig for good. Of its rows nothing stays but the names of its runs, so that a late word of a runner is known
 * as one; every runner that the town knows is owed the order to remove what it has.
 */
import { and, desc, eq, inArray, like, ne, or, sql } from "drizzle-orm";
import { FINISHED_MAX, type PurgeFrame } from "../../../../protocol/index.ts";
import { present } from "../../present.ts";
import {
  digest,
  escalations,
  mails,
  questions,
  rigAnswers,
  triageRequests,
} from "../../schema/attention.ts";
import * as b from "../../schema/beads.ts";
import { budgets, pauses, spend, startFailures } from "../../schema/limits.ts";
import { formulas, molecules } from "../../schema/molecules.ts";
import { fences, purgedRuns, rigs, runners, runs, usage } from "../../schema/runs.ts";
import { snapshots } from "../../schema/snapshots.ts";
import { inbox, outbox, secrets, settings, timers } from "../../schema/town.ts";
import { credentialId, rigSecretId } from "../../settings.ts";
import { trashedRig } from "../../trash/in-trash.ts";
import { purgeSubject } from "../../trash/purge-subject.ts";
import type { Tx } from "../../tx.ts";
import { owe } from "../outbox.ts";
import { removeSecret } from "../settings.ts";

/** What a runner is told, but for the number of its connection. */
export type PurgeOrder = Omit<PurgeFrame, "connection" | "final">;

/** Of a rig in the trash. */
export function purgeRig(tx: Tx, rigId: string): void {
  const rig = present(trashedRig(tx.db, rigId), `rig ${rigId} in the trash`);
  const orders = tx.db.select({ id: runners.id }).from(runners).all();
  const owed = orders.map(({ id }) => ({ runnerId: id, finished: finishedOn(tx, rigId, id) }));
  remember(tx, rigId);
  removeAround(tx, rigId);
  removeBeads(tx, rigId);
  removeRuns(tx, rigId);
  for (const { name } of rig.environment.secrets)
    tx.db
      .delete(secrets)
      .where(eq(secrets.id, rigSecretId(rigId, name)))
      .run();
  // Those who have to remove what is there ask with it once more.
  if (owed.length === 0) removeSecret(tx, credentialId(rigId));
  tx.db.delete(rigs).where(eq(rigs.id, rigId)).run();
  const work = rig.deletion?.work ?? "save";
  const copies = rig.savedWork === "remote" && rig.delivery !== "none";
  for (const { runnerId, finished } of owed) {
    const order: PurgeOrder = { rigId, remote: rig.remote, work, finished, copies };
    const subject = purgeSubject(rigId, runnerId);
    owe(tx, { kind: "rig.purge", subject, runnerId, argument: JSON.stringify(order) });
  }
  tx.touch("rig", rigId);
}

/** A runner has done, or is known no more. With the last of them nobody needs the rig's credential. */
export function purgeDone(tx: Tx, rigId: string, runnerId: string): void {
  const mine = purgeSubject(rigId, runnerId);
  const others = tx.db
    .select({ subject: outbox.subject })
    .from(outbox)
    .where(and(like(outbox.subject, purgeSubject(rigId, "%")), ne(outbox.subject, mine)))
    .get();
  if (others === undefined) removeSecret(tx, credentialId(rigId));
}

/** Runs whose saved work is there though their bead has closed, the newest first. */
function finishedOn(tx: Tx, rigId: string, runnerId: string): string[] {
  return tx.db
    .select({ id: runs.id })
    .from(runs)
    .leftJoin(b.beads, eq(b.beads.id, runs.beadId))
    .where(
      and(
        eq(runs.rigId, rigId),
        eq(runs.runnerId, runnerId),
        sql`${runs.savedRef} is not null`,
        sql`coalesce(${b.beads.status}, 'closed') = 'closed'`,
      ),
    )
    .orderBy(desc(runs.id))
    .limit(FINISHED_MAX)
    .all()
    .map(({ id }) => id);
}

function remember(tx: Tx, rigId: string): void {
  const ids = tx.db
    .select({ runId: runs.id, rigId: sql<string>`${rigId}`.as("rig_id") })
    .from(runs)
    .where(eq(runs.rigId, rigId));
  tx.db.insert(purgedRuns).select(ids).run();
}

const beadsOf = (tx: Tx, rigId: string) =>
  tx.db.select({ id: b.beads.id }).from(b.beads).where(eq(b.beads.rigId, rigId));
const runsOf = (tx: Tx, rigId: string) =>
  tx.db.select({ id: runs.id }).from(runs).where(eq(runs.rigId, rigId));

/** What is named after the rig, its beads or its runs. */
function removeAround(tx: Tx, rigId: string): void {
  const [ofBeads, ofRuns] = [beadsOf(tx, rigId), runsOf(tx, rigId)];
  const { db } = tx;
  const named = (column: typeof timers.subject | typeof pauses.subject) =>
    or(eq(column, rigId), inArray(column, ofBeads), inArray(column, ofRuns));
  db.delete(timers).where(named(timers.subject)).run();
  db.delete(pauses).where(named(pauses.subject)).run();
  db.delete(spend).where(inArray(spend.subject, ofBeads)).run();
  db.delete(budgets).where(inArray(budgets.subject, ofBeads)).run();
  db.delete(digest).where(inArray(digest.subjectId, ofBeads)).run();
  db.delete(startFailures).where(inArray(startFailures.beadId, ofBeads)).run();
  db.delete(fences)
    .where(
      or(
        like(fences.resource, `lane:${rigId}:%`),
        sql`substr(${fences.resource}, 6) in ${ofBeads} and ${fences.resource} like 'bead:%'`,
      ),
    )
    .run();
  db.delete(inbox).where(inArray(inbox.runId, ofRuns)).run();
  db.delete(snapshots).where(inArray(snapshots.runId, ofRuns)).run();
  db.delete(outbox)
    .where(
      or(
        inArray(outbox.subject, ofRuns),
        sql`${outbox.kind} = 'run.forget' and ${outbox.argument} in ${ofRuns}`,
      ),
    )
    .run();
  for (const table of [formulas, settings]) db.delete(table).where(eq(table.scope, rigId)).run();
  db.delete(rigAnswers).where(eq(rigAnswers.rigId, rigId)).run();
}

function removeBeads(tx: Tx, rigId: string): void {
  const ofBeads = beadsOf(tx, rigId);
  const { db } = tx;
  const satellites = [
    ...[b.issues, b.convoys, b.reviews, b.agents, molecules],
    ...[escalations, questions, mails, triageRequests],
  ];
  db.delete(b.rounds).where(inArray(b.rounds.reviewId, ofBeads)).run();
  for (const table of satellites) db.delete(table).where(inArray(table.beadId, ofBeads)).run();
  db.delete(b.beadDependencies).where(inArray(b.beadDependencies.beadId, ofBeads)).run();
  db.delete(b.beadEvents).where(inArray(b.beadEvents.beadId, ofBeads)).run();
  db.delete(b.ready).where(eq(b.ready.rigId, rigId)).run();
  // Of beads that were deleted before.
  const graves = db
    .select({ id: b.tombstones.beadId })
    .from(b.tombstones)
    .where(eq(b.tombstones.rigId, rigId));
  db.delete(b.beadEvents).where(inArray(b.beadEvents.beadId, graves)).run();
  db.delete(spend).where(inArray(spend.subject, graves)).run();
  db.delete(b.tombstones).where(eq(b.tombstones.rigId, rigId)).run();
  db.delete(b.beads).where(eq(b.beads.rigId, rigId)).run();
}

/** What they have cost stays in the sums of the town and of the day. */
function removeRuns(tx: Tx, rigId: string): void {
  tx.db.delete(usage).where(eq(usage.rigId, rigId)).run();
  tx.db.delete(runs).where(eq(runs.rigId, rigId)).run();
  for (const { id, warmRigs: warm } of tx.db.select().from(runners).all()) {
    const warmRigs = warm.filter((each) => each !== rigId);
    if (warmRigs.length < warm.length)
      tx.db.update(runners).set({ warmRigs }).where(eq(runners.id, id)).run();
  }
}
