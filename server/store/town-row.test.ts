import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { openDatabase } from "./database.ts";
import { addRow, removeRow, rowAt } from "./rows.ts";
import { runs, usageTotals } from "./schema/runs.ts";
import { ALL_USAGE, beginEpoch } from "./town-row.ts";

test("[C16] what runs used before there were totals is added up at the next start, once", () => {
  const opened = openDatabase(new Database(":memory:", { strict: true }));
  if (!opened.ok) throw new Error(opened.error.message);
  const { raw, db } = opened.value;
  let ids = 0;
  const begin = () =>
    beginEpoch(raw, db, { now: 1, newId: (kind) => `${kind}_${++ids}`, demo: false });
  begin();
  const run = {
    ...{ kind: "work", state: "ended", resource: "bead:bd_1", fenceEpoch: 1, fenceN: 1 },
    ...{ offerSeq: 1, runnerId: "ru_1", attempt: 1, round: 1, spec: {}, offeredAt: 1 },
    ...{ calls: 2, inputTokens: 30, outputTokens: 4, costMicroUsd: 500 },
  } as unknown as typeof runs.$inferInsert;
  addRow(db, runs, { ...run, id: "rn_1" });
  addRow(db, runs, { ...run, id: "rn_2" });
  expect(rowAt(db, usageTotals, ALL_USAGE)).toMatchObject({ calls: 0 });
  removeRow(db, usageTotals, ALL_USAGE);
  begin();
  begin();
  const totals = { calls: 4, inputTokens: 60, outputTokens: 8, costMicroUsd: 1_000 };
  expect(rowAt(db, usageTotals, ALL_USAGE)).toMatchObject(totals);
});

test("[A9] epochs rise by one at least, and over a backup that knows nothing of the later ones", () => {
  const opened = openDatabase(new Database(":memory:", { strict: true }));
  if (!opened.ok) throw new Error(opened.error.message);
  const { raw, db } = opened.value;
  let ids = 0;
  const begin = (into: typeof opened.value, now: number) =>
    beginEpoch(into.raw, into.db, { now, newId: (kind) => `${kind}_${++ids}`, demo: false }).epoch;
  const first = begin({ raw, db }, 1_000_000);
  const backup = openDatabase(Database.deserialize(raw.serialize(), { strict: true }));
  if (!backup.ok) throw new Error(backup.error.message);
  const later = [1_000_100, 1_000_200, 1_001_000].map((now) => begin({ raw, db }, now));
  expect(later).toEqual([first + 1, first + 2, first + 3]);
  expect(begin(backup.value, 1_060_000)).toBeGreaterThan(first + 3);
});
