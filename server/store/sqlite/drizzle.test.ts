import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { and, asc, eq, inArray, isNull, or } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { drizzleOver } from "./drizzle.ts";
import { given } from "../prepared.ts";

const things = sqliteTable("things", {
  id: text("id").primaryKey(),
  size: integer("size"),
  flag: integer("flag", { mode: "boolean" }).notNull(),
  more: text("more", { mode: "json" }).$type<{ of: number[] } | null>(),
});
const parts = sqliteTable("parts", {
  id: text("id").primaryKey(),
  thingId: text("thing_id").notNull(),
});

function filled(): Database {
  const raw = new Database(":memory:", { strict: true });
  raw.run(
    "CREATE TABLE things (id TEXT PRIMARY KEY, size INTEGER, flag INTEGER NOT NULL, more TEXT)",
  );
  raw.run("CREATE TABLE parts (id TEXT PRIMARY KEY, thing_id TEXT NOT NULL)");
  raw.run("CREATE INDEX parts_by_thing ON parts (thing_id)");
  const db = drizzleOver(raw);
  const insert = db
    .insert(things)
    .values({ id: given("id"), size: given("size"), flag: given("flag"), more: given("more") })
    .prepare();
  for (const n of [0, 1, 2, 3]) {
    const values = {
      size: n === 0 ? null : n,
      flag: n % 2 === 0,
      more: n === 2 ? { of: [n] } : null,
    };
    insert.run({ id: `t${n}`, ...values });
    if (n > 1)
      db.insert(parts)
        .values({ id: `p${n}`, thingId: `t${n}` })
        .run();
  }
  return raw;
}

test("[P2] what is read is what drizzle's own driver reads, joins without a partner included", () => {
  const raw = filled();
  const read = (db: ReturnType<typeof drizzleOver>) => {
    const joined = db
      .select({ thing: things, part: parts })
      .from(things)
      .leftJoin(parts, eq(parts.thingId, things.id))
      .where(eq(things.id, given("id")))
      .prepare();
    return [
      db.select().from(things).orderBy(asc(things.id)).all(),
      ["t1", "t2", "none"].map((id) => joined.get({ id })),
      ["t1", "t2", "none"].map((id) => joined.all({ id })),
      db.select().from(things).innerJoin(parts, eq(parts.thingId, things.id)).all(),
      db
        .select({ n: things.size })
        .from(things)
        .where(inArray(things.id, ["t1", "t3"]))
        .all(),
      db
        .select()
        .from(things)
        .where(or(isNull(things.size), and(eq(things.flag, true))))
        .limit(2)
        .all(),
      db.update(things).set({ size: 7 }).where(eq(things.id, "t3")).returning().get(),
    ];
  };
  const ours = read(drizzleOver(raw));
  raw.run("UPDATE things SET size = 3 WHERE id = 't3'");
  expect(ours).toEqual(read(drizzle(raw)));
  expect(ours[1]).toEqual([
    { thing: { id: "t1", size: 1, flag: false, more: null }, part: null },
    {
      thing: { id: "t2", size: 2, flag: true, more: { of: [2] } },
      part: { id: "p2", thingId: "t2" },
    },
    undefined,
  ]);
});

test("[P2] a bound value is looked up in the index", () => {
  const raw = filled();
  const { sql } = drizzleOver(raw)
    .select()
    .from(things)
    .innerJoin(parts, eq(parts.thingId, things.id))
    .where(eq(parts.thingId, given("id")))
    .toSQL();
  const plan = raw.query<{ detail: string }, [string]>(`EXPLAIN QUERY PLAN ${sql}`).all("t2");
  expect(plan.map(({ detail }) => detail).join("; ")).not.toContain("SCAN");
});
