/** What a tool of the Mayor answers, and how its words are parsed: by the schemas of everybody. */
import type { z } from "zod";
import { commands, type CommandName, type ErrorBody } from "../../protocol/index.ts";

export interface Answer {
  text: string;
  isError: boolean;
  beads: string[];
}

export const answer = (value: unknown, created: string[] = []): Answer => ({
  text: typeof value === "string" ? value : JSON.stringify(value, null, 1),
  isError: false,
  beads: created,
});

export const refused = (error: ErrorBody): Answer => ({
  text: `${error.code}: ${error.message}`,
  isError: true,
  beads: [],
});

/** Agents' words pass the same schemas as everybody's. */
export function parse<N extends CommandName>(
  name: N,
  input: unknown,
): { ok: true; value: z.output<(typeof commands)[N]["body"]> } | { ok: false; error: ErrorBody } {
  const parsed = commands[name].body.safeParse(input);
  return parsed.success
    ? { ok: true, value: parsed.data as z.output<(typeof commands)[N]["body"]> }
    : { ok: false, error: invalid(parsed.error) };
}

export function invalid(error: z.ZodError): ErrorBody {
  const issue = error.issues[0];
  const where = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  return {
    code: "invalid_body",
    message: `${where}${issue?.message ?? "not valid"}. Correct it and call again.`,
    retryable: false,
  };
}

/** Words of others than people set nothing in motion. */
export function notAsked(): Answer {
  return refused({
    code: "forbidden",
    message: "no person began this turn: say what you would do and let a person decide.",
    retryable: false,
  });
}
