import { and, asc, eq, lte, sql } from "drizzle-orm";
import type { TimerWish } from "../../reconcile/plan.ts";
import type { Db } from "../database.ts";
import { timers } from "../schema/town.ts";

/** Timers fired in one tick; the rest in the next. */
const DUE_MAX = 500;

export interface Timers {
  /** Subjects whose time has come. */
  due(now: number): string[];
  /** Makes the stored timers of these subjects equal to the wished ones. */
  sync(subjects: ReadonlySet<string>, wishes: readonly TimerWish[]): void;
  /** The earliest time at which one is due, or null. */
  next(): number | null;
}

export function prepareTimers(db: Db): Timers {
  const [subject, kind, at] = ["subject", "kind", "at"].map((name) => sql.placeholder(name));
  const due = db
    .selectDistinct({ subject: timers.subject })
    .from(timers)
    .where(lte(timers.dueAt, at as never))
    .orderBy(asc(timers.dueAt))
    .limit(DUE_MAX)
    .prepare();
  const stored = db
    .select()
    .from(timers)
    .where(sql`${timers.subject} in (select value from json_each(${sql.placeholder("subjects")}))`)
    .prepare();
  const put = db
    .insert(timers)
    .values({ subject: subject as never, kind: kind as never, dueAt: at as never })
    .onConflictDoUpdate({
      target: [timers.subject, timers.kind],
      set: { dueAt: sql`excluded.due_at` },
    })
    .prepare();
  const drop = db
    .delete(timers)
    .where(and(eq(timers.subject, subject as never), eq(timers.kind, kind as never)))
    .prepare();
  const next = db
    .select({ at: timers.dueAt })
    .from(timers)
    .orderBy(asc(timers.dueAt))
    .limit(1)
    .prepare();
  return {
    due: (now) => due.all({ at: now }).map((row) => row.subject),
    sync(subjects, wishes) {
      const wished = Map.groupBy(wishes, (wish) => wish.subject);
      const rows = stored.all({ subjects: JSON.stringify([...subjects]) });
      const before = Map.groupBy(rows, (row) => row.subject);
      for (const id of subjects) {
        const left = new Map(before.get(id)?.map((row) => [row.kind, row.dueAt]));
        for (const wish of wished.get(id) ?? []) {
          if (left.get(wish.kind) !== wish.dueAt)
            put.run({ subject: id, kind: wish.kind, at: wish.dueAt });
          left.delete(wish.kind);
        }
        for (const gone of left.keys()) drop.run({ subject: id, kind: gone });
      }
    },
    next: () => next.get()?.at ?? null,
  };
}
