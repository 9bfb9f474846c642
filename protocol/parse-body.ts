/** What is wrong with a body, said to whoever wrote it. */
import type { z } from "zod";
import { ok, refuse, type Result } from "./error.ts";

/** Further faults that are named beside the first. */
const DETAILS_MAX = 10;

/** Parses by the schema; what does not fit is refused with the place and the limit. Errors: invalid_body. */
export function parseBody<S extends z.ZodType>(schema: S, input: unknown): Result<z.output<S>> {
  const parsed = schema.safeParse(input, { error: wordsFor });
  if (parsed.success) return ok(parsed.data);
  const issues = parsed.error.issues
    .slice(0, DETAILS_MAX)
    .map(({ path, message }) => ({ path: path.join("."), message }));
  const [first] = issues;
  const where = first === undefined || first.path === "" ? "body" : first.path;
  return refuse("invalid_body", `${where}: ${first?.message ?? "is not valid"}.`, {
    details: { issues },
  });
}

/** Words of the schema's own come before these. */
function wordsFor(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "is missing" : `must be ${nameOf(issue.expected)}`;
    case "too_big":
      return bound("at most", Number(issue.maximum), issue.origin);
    case "too_small":
      return Number(issue.minimum) === 1 && issue.origin !== "number" && issue.origin !== "int"
        ? "must not be empty"
        : bound("at least", Number(issue.minimum), issue.origin);
    case "unrecognized_keys":
      return `there is no field ${issue.keys.slice(0, 3).join(", ").slice(0, 100)}: leave it out`;
    case "invalid_value":
      return issue.input === undefined ? "is missing" : `must be ${issue.values.join(", or ")}`;
    case "invalid_format":
      return issue.format === "url" ? "must be an address" : "has not the right form";
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "not_multiple_of":
    case "custom":
      return undefined;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  nonoptional: "there",
};

function nameOf(expected: string): string {
  return NAMES[expected] ?? `of type ${expected}`;
}

function bound(most: string, figure: number, origin: string): string {
  if (origin === "string") return `must have ${most} ${figure} characters`;
  if (origin === "array") return `must have ${most} ${figure} entries`;
  return `must be ${most} ${figure}`;
}
