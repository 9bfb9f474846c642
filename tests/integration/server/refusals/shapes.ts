// Derives from a command's schema every body that it must not take, and every place that names an object.
import { z } from "zod";
import { refSchema } from "../../../../protocol/index.ts";

export interface Change {
  what: string;
  body: unknown;
}

type Schema = z.core.JSONSchema.BaseSchema;
type Path = readonly (string | number)[];

interface Place {
  path: Path;
  schema: Schema;
  required: boolean;
}

/** Every field of the body, those of objects and of the first element of lists included. */
function placesOf(schema: Schema, path: Path = []): Place[] {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, of]): Place[] => {
    const each = plain(of as Schema);
    const here = [...path, name];
    return [{ path: here, schema: each, required: required.has(name) }, ...placesOf(each, here)];
  });
  const items = schema.items ? plain(schema.items as Schema) : null;
  if (!items || Array.isArray(schema.items)) return fields;
  const here = [...path, 0];
  return [...fields, { path: here, schema: items, required: false }, ...placesOf(items, here)];
}

/** A schema that may also be null, as the other one. */
function plain(schema: Schema): Schema {
  const other = schema.anyOf?.find((each) => each.type !== "null");
  return other ? { ...other } : schema;
}

function jsonSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
}

/** Bodies with one fault each: a field that is missing, of another type, too long, too many, out of its bounds. */
export function faultsOf(schema: z.ZodType, body: unknown): Change[] {
  return placesOf(jsonSchema(schema)).flatMap(({ path, schema: of, required }) => {
    const where = path.join(".");
    const wrong = valuesAgainst(of).map(([what, value]) => ({
      what: `${where}: ${what}`,
      body: changed(body, path, value),
    }));
    const without = { what: `${where}: missing`, body: changed(body, path, undefined) };
    return required && has(body, path.slice(0, -1)) ? [...wrong, without] : wrong;
  });
}

function valuesAgainst({
  type,
  maxLength,
  maxItems,
  maximum,
  enum: words,
}: Schema): [string, unknown][] {
  const values: [string, unknown][] = [["another type", type === "object" ? 7 : { not: "it" }]];
  if (maxLength !== undefined) values.push(["too long", "x".repeat(maxLength + 1)]);
  if (maxItems !== undefined)
    values.push(["too many", Array.from({ length: maxItems + 1 }, () => "bd-zzzzzz")]);
  if (type === "integer" || type === "number") values.push(["words", "many"]);
  if (type === "integer") values.push(["a fraction", 1.5]);
  if (typeof maximum === "number" && maximum < Number.MAX_SAFE_INTEGER)
    values.push(["too much", maximum + 1]);
  if (words) values.push(["a word that is none of them", "no such word"]);
  return values;
}

const REF = JSON.stringify(jsonSchema(refSchema));

/** The body once for each place that names an object, with `ref` there. */
export function refsOf(schema: z.ZodType, body: unknown, ref: string): Change[] {
  const { $schema: _, ...refShape } = JSON.parse(REF) as Record<string, unknown>;
  return placesOf(jsonSchema(schema))
    .filter(({ schema: of }) => {
      const { default: _default, ...shape } = of;
      return Bun.deepEquals(shape, refShape);
    })
    .map(({ path }) => ({ what: path.join("."), body: changed(body, path, ref) }));
}

function has(body: unknown, path: Path): boolean {
  let at = body;
  for (const key of path) at = (at as Record<string | number, unknown> | undefined)?.[key];
  return at !== undefined;
}

/** A copy with the value at the path; what is not there on the way is made. */
function changed(body: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(body) as Record<string | number, unknown>;
  let at = copy;
  for (const [depth, key] of path.slice(0, -1).entries()) {
    at[key] ??= typeof path[depth + 1] === "number" ? [] : {};
    at = at[key] as Record<string | number, unknown>;
  }
  const last = path.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
