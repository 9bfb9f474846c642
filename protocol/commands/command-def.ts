/** The shape of a command, and the pieces that several share. */
import { z } from "zod";
import { BODY_CHARS_MAX, NAME_CHARS_MAX, TITLE_CHARS_MAX } from "../limits.ts";

export type Principal = "owner" | "runner";
export interface CommandDef<B extends z.ZodType = z.ZodType, V extends z.ZodType = z.ZodType> {
  mode: "command" | "query" | "service";
  roles: readonly Principal[];
  summary: string;
  body: B;
  value: V;
}
export function define<B extends z.ZodType, V extends z.ZodType>(
  def: CommandDef<B, V>,
): CommandDef<B, V> {
  return def;
}

export const title = z.string().trim().min(1, "must not be empty").max(TITLE_CHARS_MAX);
export const body = z.string().max(BODY_CHARS_MAX);
export const name = z
  .string()
  .trim()
  .min(1)
  .max(NAME_CHARS_MAX)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, "must begin with a letter or digit");
export const version = z.number().int().nonnegative().optional();
export const owner = ["owner"] as const;
