/** What went wrong with a model call, as the town tells it apart. Pure. */
import { parseJson } from "./model-usage.ts";

export type ModelFailureKind =
  | "throttle"
  | "quota"
  | "auth"
  | "model_missing"
  | "unreachable"
  | "other";

export type ModelFailure = {
  kind: ModelFailureKind;
  /** HTTP status of the provider, or null when it did not answer. */
  status: number | null;
  message: string;
  retryAfterMs: number | null;
};

const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1000;
const MESSAGE_CHARS_MAX = 500;

/** Classifies an answer that is not a success by status and by the error's own code, never by its prose. */
export function classifyAnswer(
  status: number,
  headers: Headers,
  body: string,
  nowMs: number,
): ModelFailure {
  const error = readError(body);
  const retryAfterMs = readRetryAfter(headers.get("retry-after"), nowMs);
  return {
    kind: kindOf(status, error.code),
    status,
    message: error.message.slice(0, MESSAGE_CHARS_MAX),
    retryAfterMs,
  };
}

function kindOf(status: number, code: string): ModelFailureKind {
  if (status === 402 || code === "insufficient_quota") return "quota";
  if (status === 401 || status === 403) return "auth";
  if (status === 404 || code === "model_not_found") return "model_missing";
  if (status === 429 || status === 529) return "throttle";
  return status === 502 || status === 503 || status === 504 ? "unreachable" : "other";
}

function readError(body: string): { code: string; message: string } {
  const parsed = parseJson(body);
  const error = isRecord(parsed) && isRecord(parsed["error"]) ? parsed["error"] : {};
  const { code, message } = error;
  return {
    code: typeof code === "string" ? code : "",
    message: typeof message === "string" ? message : body,
  };
}

/** Seconds or an HTTP date, as milliseconds from now. */
export function readRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, Math.round(ms)), RETRY_AFTER_MS_MAX) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
