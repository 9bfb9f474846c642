/** How the rows of a statement become objects, worked out once per statement: drizzle's own reader does it per row. */
import { Column, getTableName, is } from "drizzle-orm";

/** A selected column or expression, and the property it fills: of the row, or of one of the row's objects. */
export interface Field {
  path: string[];
  field: unknown;
}
export type RowReader = (row: readonly unknown[]) => unknown;

interface Slot {
  index: number;
  name: string;
  /** Null when a value of SQLite is already what it stands for. */
  decode: ((value: unknown) => unknown) | null;
}

/** Properties that share an object; a joined row without partner has null in its place. */
interface Part {
  name: string;
  slots: Slot[];
  /** The table of all its columns; null when there are several. */
  table: string | null;
}

/** @returns null for what only drizzle's own reader knows: expressions, and objects in objects */
export function rowReader(
  fields: readonly Field[],
  isThere: Readonly<Record<string, boolean>> | undefined,
): RowReader | null {
  const top: Slot[] = [];
  const parts = new Map<string, Part>();
  for (const [index, { path, field }] of fields.entries()) {
    const [first = "", second] = path;
    if (!is(field, Column) || path.length > 2) return null;
    const decode = decoder(field);
    if (second === undefined) {
      top.push({ index, name: first, decode });
      continue;
    }
    const table = getTableName(field.table);
    const part = parts.get(first) ?? { name: first, slots: [], table };
    if (part.table !== table) part.table = null;
    part.slots.push({ index, name: second, decode });
    parts.set(first, part);
  }
  if (parts.size === 0) return (row) => fill(row, top);
  if (top.length > 0) return null;
  const readers = [...parts.values()].map(({ name, slots, table }) => {
    const mayMiss = isThere !== undefined && table !== null && isThere[table] !== true;
    return { name, slots, missing: mayMiss ? (slots[0]?.index ?? null) : null };
  });
  return (row) => {
    const object: Record<string, unknown> = {};
    for (const { name, slots, missing } of readers)
      object[name] = missing !== null && row[missing] === null ? null : fill(row, slots);
    return object;
  };
}

function fill(row: readonly unknown[], slots: readonly Slot[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { index, name, decode } of slots) {
    const value = row[index];
    object[name] = value === null || decode === null ? value : decode(value);
  }
  return object;
}

/** Kinds of columns whose values are in SQLite what they are here. */
const AS_IS: ReadonlySet<string> = new Set(["string", "number"]);

function decoder(column: Column): Slot["decode"] {
  return AS_IS.has(column.dataType) ? null : (value) => column.mapFromDriverValue(value);
}
