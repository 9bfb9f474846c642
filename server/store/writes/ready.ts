/** The ready index, and what a bead or review is said to wait for. */
import { eq, sql } from "drizzle-orm";
import type { Wait } from "../../../protocol/index.ts";
import { STAGE, type Ready } from "../../reconcile/stages.ts";
import { issues, ready as readyRows, reviews } from "../schema/beads.ts";
import { given, prepared } from "../prepared.ts";
import type { Tx } from "../tx.ts";

const setIssueWait = prepared((db) =>
  db
    .update(issues)
    .set({ wait: sql`${given("wait")}` })
    .where(eq(issues.beadId, given("id")))
    .prepare(),
);
const setReviewWait = prepared((db) =>
  db
    .update(reviews)
    .set({ wait: sql`${given("wait")}` })
    .where(eq(reviews.beadId, given("id")))
    .prepare(),
);
const row = {
  stage: given("stage"),
  rigId: given("rigId"),
  resource: given("resource"),
  rank: given("rank"),
  age: given("age"),
};
const putRow = prepared((db) =>
  db
    .insert(readyRows)
    .values({ subjectId: given("subjectId"), ...row })
    .onConflictDoUpdate({ target: readyRows.subjectId, set: row })
    .prepare(),
);
const dropRow = prepared((db) =>
  db
    .delete(readyRows)
    .where(eq(readyRows.subjectId, given("id")))
    .prepare(),
);

/** Says what a subject waits for; its row of the index is there exactly when that is capacity alone. */
export function setWait(
  tx: Tx,
  subject: "issue" | "review",
  id: string,
  wait: Wait | null,
  ready: Ready | null,
): void {
  const set = subject === "issue" ? setIssueWait : setReviewWait;
  set(tx.db).run({ id, wait: wait === null ? null : JSON.stringify(wait) });
  tx.touch(subject, id);
  if (ready === null) return unqueue(tx, id);
  putRow(tx.db).run({ ...ready, stage: STAGE[ready.stage] });
}

/** Its state has moved: whether it waits for capacity is decided again. */
export function unqueue(tx: Tx, id: string): void {
  dropRow(tx.db).run({ id });
}
