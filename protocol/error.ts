/** Expected failures, as they travel: a code, a sentence for people with the next step, retry advice. */
import { z } from "zod";

export const errorCodeSchema = z.enum([
  "invalid_json",
  "invalid_body",
  "too_large",
  "unknown_command",
  "unknown_topic",
  "unauthenticated",
  "forbidden",
  "not_found",
  "ambiguous",
  "stale_version",
  "illegal_transition",
  "already_exists",
  "idempotency_conflict",
  "cyclic_dependency",
  "parallel_required",
  "foreign_rig",
  "merge_in_flight",
  "stale_fence",
  "stale_connection",
  "stale_epoch",
  "protocol_version",
  "twin_runner",
  "rate_limited",
  "busy",
  "offline",
  "deadline",
  "no_model",
  "model_unreachable",
  "model_auth",
  "model_unknown",
  "model_error",
  "secret_unreadable",
  "repository_unreachable",
  "repository_auth",
  "repository_empty",
  "repository_invalid",
  "target_missing",
  "isolation_unconfirmed",
  "no_gates",
  "unsupported",
  "internal",
]);
export type ErrorCode = z.infer<typeof errorCodeSchema>;

export const errorBodySchema = z.strictObject({
  code: errorCodeSchema,
  message: z.string(),
  retryable: z.boolean(),
  minBackoffMs: z.number().int().nonnegative().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;

export type Result<T, E = ErrorBody> = { ok: true; value: T } | { ok: false; error: E };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** Builds a refusal. `message` says what was wrong and what to do next. */
export function refuse(
  code: ErrorCode,
  message: string,
  more: { retryable?: boolean; minBackoffMs?: number; details?: Record<string, unknown> } = {},
): { ok: false; error: ErrorBody } {
  const { retryable = false, ...rest } = more;
  return { ok: false, error: { code, message, retryable, ...rest } };
}

/** What every acknowledged message answers. */
export function ackSchema<V extends z.ZodType>(value: V) {
  return z.discriminatedUnion("ok", [
    z.strictObject({ ok: z.literal(true), value }),
    z.strictObject({ ok: z.literal(false), error: errorBodySchema }),
  ]);
}
export type Ack<T = unknown> = Result<T>;
