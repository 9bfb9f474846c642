import type { Conversation } from "./conversation.ts";

/** A JSON value, as the arguments of a tool call hold it. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

export type Filled<T> = { ok: true; value: T } | { ok: false; missing: string };

const TEMPLATE = /\{\{((?:(?!\}\}).)+)\}\}/g;
/** `path`, then optionally `| /regex/flags`, `?? fallback` and `| sh`, in this order. */
const EXPRESSION = /^\s*([\w.-]+)\s*(?:\|\s*\/(.+?)\/([a-z]*)\s*)?(?:\?\?(.*?))?(\|\s*sh\s*)?$/s;

/** Fills the templates in every string of `value`; the first one without a value is named. */
export function fillJson(value: Json, talk: Conversation, groups: readonly string[]): Filled<Json> {
  if (typeof value === "string") return fillString(value, talk, groups);
  if (Array.isArray(value)) return fillAll(value, (item) => fillJson(item, talk, groups));
  if (value === null || typeof value !== "object") return { ok: true, value };
  const keys = Object.keys(value);
  const filled = fillAll(Object.values(value), (item) => fillJson(item, talk, groups));
  if (!filled.ok) return filled;
  return {
    ok: true,
    value: Object.fromEntries(keys.map((key, index) => [key, filled.value[index] ?? null])),
  };
}

/** Fills a text; a value that is not a string is written as JSON. */
export function fillText(
  text: string,
  talk: Conversation,
  groups: readonly string[],
): Filled<string> {
  let missing: string | null = null;
  const value = text.replaceAll(TEMPLATE, (_whole, expression: string) => {
    const found = evaluate(expression, talk, groups);
    if (found === undefined) missing ??= expression.trim();
    return typeof found === "string" ? found : JSON.stringify(found ?? null);
  });
  return missing === null ? { ok: true, value } : { ok: false, missing };
}

/** A string that is one template alone takes the value as it is: a number stays a number. */
function fillString(text: string, talk: Conversation, groups: readonly string[]): Filled<Json> {
  const whole = /^\{\{((?:(?!\}\}).)+)\}\}$/.exec(text);
  if (!whole?.[1]) return fillText(text, talk, groups);
  const found = evaluate(whole[1], talk, groups);
  return found === undefined ? { ok: false, missing: whole[1].trim() } : { ok: true, value: found };
}

function fillAll(items: readonly Json[], fill: (item: Json) => Filled<Json>): Filled<Json[]> {
  const values: Json[] = [];
  for (const item of items) {
    const filled = fill(item);
    if (!filled.ok) return filled;
    values.push(filled.value);
  }
  return { ok: true, value: values };
}

function evaluate(
  expression: string,
  talk: Conversation,
  groups: readonly string[],
): Json | undefined {
  const parts = EXPRESSION.exec(expression);
  if (!parts?.[1]) return undefined;
  const [, path, pattern, flags, fallback, quoted] = parts;
  const found = lookUp(path, talk, groups);
  const taken =
    found !== undefined && pattern !== undefined
      ? extract(found, new RegExp(pattern, flags))
      : found;
  const value = taken ?? fallback?.trim();
  return quoted === undefined || value === undefined ? value : shellWord(value);
}

/** One word of a POSIX shell, whatever the value holds. */
export function shellWord(value: Json): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** First group, or the whole match; tried on the text, then on the strings inside when it is JSON. */
function extract(value: Json, regex: RegExp): string | undefined {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const match = regex.exec(text) ?? regex.exec(leavesOf(parseJson(text)).join("\n"));
  return match ? (match[1] ?? match[0]) : undefined;
}

function lookUp(path: string, talk: Conversation, groups: readonly string[]): Json | undefined {
  const [head = "", ...rest] = path.split(".");
  if (head === "match") return groups[Number(rest[0])];
  if (head === "tool") return lookUpTool(rest, talk);
  const plain = new Map<string, Json>([
    ["bead.title", talk.beadTitle],
    ["bead.id", talk.beadId],
    ["user.first", talk.userFirst],
    ["user.last", talk.userLast],
    ["user.words", ownWords(talk.userLast)],
    ["attempt", talk.attempt],
    ["round", talk.round],
    ["role", talk.role ?? ""],
    ["cwd", talk.cwd],
    [
      "context",
      [talk.userFirst, talk.userLast, ...talk.results.map((result) => result.text)]
        .map(plainText)
        .join("\n"),
    ],
    ["conversation", plainText(talk.whole)],
  ]);
  return plain.get(path);
}

const QUOTED_END = "</quoted>";

/** A turn begins with what is quoted to it, and ends with what was said. */
function ownWords(text: string): string {
  const end = text.lastIndexOf(QUOTED_END);
  return end === -1 ? text : text.slice(end + QUOTED_END.length).trim();
}

/** `last` or a tool's short name, then optionally `json` and a path into the parsed result. */
function lookUpTool(
  [name = "", form, ...path]: readonly string[],
  talk: Conversation,
): Json | undefined {
  const result =
    name === "last" ? talk.results.at(-1) : talk.results.findLast((each) => each.name === name);
  if (!result || form === undefined) return result?.text;
  if (form !== "json") return undefined;
  let value = parseJson(result.text);
  for (const key of path) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
    value = (value as { readonly [key: string]: Json })[key];
  }
  return value;
}

function plainText(text: string): string {
  const leaves = leavesOf(parseJson(text));
  return leaves.length > 0 ? leaves.join("\n") : text;
}

function leavesOf(value: Json | undefined): string[] {
  if (typeof value === "string") return [value];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value as { readonly [key: string]: Json }).flatMap(leavesOf);
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // Most tool results are prose; only their being JSON is of interest here.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
