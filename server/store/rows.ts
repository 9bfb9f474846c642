/** Single rows by their key. Statements are built once: per table, and for writes per set of columns that is ever written together. */
import {
  eq,
  getTableColumns,
  getTableName,
  type GetColumnData,
  type InferInsertModel,
  type InferSelectModel,
} from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Db } from "./database.ts";
import { given, prepared } from "./prepared.ts";

type Key = string | number;
interface Reading {
  get(given: Record<string, unknown>): unknown;
}
interface Writing {
  run(given: Record<string, unknown>): unknown;
}

/** The name under which a statement is given the row's key; no column has it. */
const KEY = "key of the row";

const reads = prepared(() => new Map<SQLiteTable | SQLiteColumn, Reading>());
const writes = prepared(() => new Map<SQLiteTable, Map<string, Writing>>());

export function rowAt<T extends SQLiteTable>(
  db: Db,
  table: T,
  key: Key,
): InferSelectModel<T> | undefined {
  let statement = reads(db).get(table);
  if (statement === undefined) {
    statement = db
      .select()
      .from(table as SQLiteTable)
      .where(eq(keyOf(table), given(KEY)))
      .prepare();
    reads(db).set(table, statement);
  }
  return statement.get({ [KEY]: key }) as InferSelectModel<T> | undefined;
}

/** One column of a row, where the whole would be read in vain; undefined when there is no row. */
export function valueAt<C extends SQLiteColumn>(
  db: Db,
  column: C,
  key: Key,
): GetColumnData<C> | undefined {
  let statement = reads(db).get(column);
  if (statement === undefined) {
    statement = db
      .select({ value: column })
      .from(column.table)
      .where(eq(keyOf(column.table), given(KEY)))
      .prepare();
    reads(db).set(column, statement);
  }
  const row = statement.get({ [KEY]: key }) as { value: GetColumnData<C> } | undefined;
  return row?.value;
}

/** Columns that are left out get their defaults. */
export function addRow<T extends SQLiteTable>(db: Db, table: T, row: InferInsertModel<T>): void {
  const names = namesIn(row);
  writing(db, table, `add ${names.join()}`, () =>
    db
      .insert(table as SQLiteTable)
      .values(places(names))
      .prepare(),
  ).run(row);
}

/** Columns that are left out stay as they are; without any nothing happens. */
export function changeRow<T extends SQLiteTable>(
  db: Db,
  table: T,
  key: Key,
  change: Partial<InferInsertModel<T>>,
): void {
  const names = namesIn(change);
  if (names.length === 0) return;
  writing(db, table, `change ${names.join()}`, () =>
    db
      .update(table as SQLiteTable)
      .set(places(names))
      .where(eq(keyOf(table), given(KEY)))
      .prepare(),
  ).run({ ...change, [KEY]: key });
}

export function removeRow(db: Db, table: SQLiteTable, key: Key): void {
  writing(db, table, "remove", () =>
    db
      .delete(table)
      .where(eq(keyOf(table), given(KEY)))
      .prepare(),
  ).run({ [KEY]: key });
}

function writing(db: Db, table: SQLiteTable, name: string, build: () => Writing): Writing {
  let ofTable = writes(db).get(table);
  if (ofTable === undefined) writes(db).set(table, (ofTable = new Map()));
  let statement = ofTable.get(name);
  if (statement === undefined) ofTable.set(name, (statement = build()));
  return statement;
}

/** What is undefined counts as left out. */
function namesIn(values: object): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function places(names: readonly string[]): Record<string, never> {
  return Object.fromEntries(names.map((name) => [name, given(name)]));
}

function keyOf(table: SQLiteTable): SQLiteColumn {
  const keys = Object.values(getTableColumns(table)).filter((column) => column.primary);
  const [key] = keys;
  if (key === undefined || keys.length > 1)
    throw new Error(`${getTableName(table)} has no key of one column`);
  return key;
}
