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

/** Kinds by an error's own code or type. */
export type FailureKinds = Readonly<Record<string, ModelFailureKind>>;

/** Classifies an answer that is not a success by status and by the error's own code, never by its prose. */
export function classifyAnswer(
  answer: { status: number; headers: Headers },
  body: string,
  kinds: FailureKinds,
  nowMs: number,
): ModelFailure {
  const { status, headers } = answer;
  const error = readError(body);
  return {
    kind: kindOf(status, kinds[error.code] ?? kinds[error.type]),
    status,
    message: error.message.slice(0, MESSAGE_CHARS_MAX),
    retryAfterMs: readRetryAfter(headers.get("retry-after"), nowMs),
  };
}

/** A failure that was told within an answer that had begun well. */
export function classifyEvent(
  error: { code: string; message: string },
  kinds: FailureKinds,
): ModelFailure {
  return {
    kind: kinds[error.code] ?? "other",
    status: null,
    message: error.message.slice(0, MESSAGE_CHARS_MAX),
    retryAfterMs: null,
  };
}

function kindOf(status: number, said: ModelFailureKind | undefined): ModelFailureKind {
  if (status === 402 || said === "quota") return "quota";
  if (status === 401 || status === 403) return "auth";
  if (status === 404 || said === "model_missing") return "model_missing";
  if (status === 429 || status === 529) return "throttle";
  if (status === 502 || status === 503 || status === 504) return "unreachable";
  return said ?? "other";
}

function readError(body: string): { code: string; type: string; message: string } {
  const parsed = parseJson(body);
  const error = isRecord(parsed) && isRecord(parsed["error"]) ? parsed["error"] : {};
  const { code, type, message } = error;
  return {
    code: typeof code === "string" ? code : "",
    type: typeof type === "string" ? type : "",
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
