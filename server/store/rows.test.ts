import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { present } from "./present.ts";
import { openDatabase, type Db, type RawDatabase } from "./database.ts";
import { addRow, changeRow, removeRow, rowAt, valueAt } from "./rows.ts";
import { beads, issues, ready } from "./schema/beads.ts";
import { changes } from "./schema/town.ts";

function database(): { db: Db; raw: RawDatabase } {
  const opened = openDatabase(new Database(":memory:", { strict: true }));
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

const at = { createdBy: "town", createdAt: 1, updatedAt: 1 };

test("[P2] a row is added with the defaults of what is left out, changed in what is given, and removed", () => {
  const { db } = database();
  addRow(db, beads, { id: "bd_1", type: "issue", status: "open", title: "One", ...at });
  addRow(db, beads, { id: "bd_2", type: "issue", status: "open", title: "Two", ...at });
  expect(rowAt(db, beads, "bd_1")).toMatchObject({ title: "One", priority: "medium", labels: [] });
  changeRow(db, beads, "bd_1", { title: "Other", labels: ["a"], held: true });
  changeRow(db, beads, "bd_1", {});
  const row = present(rowAt(db, beads, "bd_1"), "bd_1");
  expect(row).toMatchObject({ title: "Other", labels: ["a"], held: true, status: "open" });
  expect(valueAt(db, beads.labels, "bd_1")).toEqual(["a"]);
  expect(rowAt(db, beads, "bd_2")).toMatchObject({ title: "Two", held: false });
  removeRow(db, beads, "bd_1");
  expect(rowAt(db, beads, "bd_1")).toBeUndefined();
  expect(valueAt(db, beads.title, "bd_1")).toBeUndefined();
  expect(valueAt(db, beads.title, "bd_2")).toBe("Two");
});

test("[P2] what is undefined is left as it is; null empties a column, one of JSON too", () => {
  const { db, raw } = database();
  addRow(db, issues, { beadId: "bd_1", state: "open", stateSince: 1, wait: null });
  const failure = { code: "c", message: "m", source: "s" };
  changeRow(db, issues, "bd_1", { failure, runId: "rn_1" });
  changeRow(db, issues, "bd_1", { failure: null, runId: undefined });
  expect(valueAt(db, issues.failure, "bd_1")).toBeNull();
  expect(valueAt(db, issues.runId, "bd_1")).toBe("rn_1");
  const empty = raw.query("SELECT wait IS NULL AS wait, failure IS NULL AS failure FROM issues");
  expect(empty.get()).toEqual({ wait: 1, failure: 1 });
});

test("[P2] a table whose key has several columns is no table of such rows", () => {
  const { db } = database();
  expect(rowAt(db, ready, "bd_1")).toBeUndefined();
  expect(() => rowAt(db, changes, "1")).toThrow("key");
});
