import type { Answer } from "../choose-turn.ts";
import type { ChatRequest } from "../request.ts";

/** One event of a stream and how long to wait before it, in milliseconds. */
export interface PacedChunk {
  readonly json: unknown;
  /** Name of the event, where the dialect has names. */
  readonly event?: string;
  readonly waitMs: number;
  /** Words or the opening, which a broken answer may still have said; tool calls and the end are not. */
  readonly isText: boolean;
  readonly chars: number;
}

export interface AnswerFrame {
  /** Without the dialect's prefix; the same for the same request. */
  readonly id: string;
  readonly model: string;
  readonly createdSeconds: number;
}

export interface Spoken {
  readonly answer: Answer;
  readonly frame: AnswerFrame;
  readonly request: ChatRequest;
}

/** An error by its status, with the words of OpenAI's API for it. */
export interface SpokenError {
  readonly status: number;
  readonly message: string;
  readonly type: string;
  readonly code: string;
}

/** An API in which the model can be asked. A request is read as a chat, so that every API gets the same turns. */
export interface ScriptedDialect {
  /** The path it is asked at. */
  readonly path: string;
  /** The path at which the tokens of a request are counted, if it has one. */
  readonly countPath?: string;
  /** What the client gave as its key, or null. */
  keyOf(headers: Headers): string | null;
  /** @returns the request as a chat, or what is wrong with it */
  read(value: unknown): ChatRequest | string;
  body(spoken: Spoken): unknown;
  chunks(spoken: Spoken): Iterable<PacedChunk>;
  /** What ends a stream, after its last event. */
  readonly end: string;
  error(error: SpokenError): unknown;
}

const WORDS = /\s*\S+\s*/g;

/** The words of an answer, each with its spaces. */
export function wordsOf(answer: Answer): string[] {
  return answer.text.match(WORDS) ?? [];
}

export function bearerOf(headers: Headers): string | null {
  return /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}

/** Reads with a schema; what is wrong is said with its place. */
export function readWith<T>(
  schema: {
    safeParse(
      value: unknown,
    ):
      | { success: true; data: T }
      | { success: false; error: { issues: readonly { path: PropertyKey[]; message: string }[] } };
  },
  value: unknown,
): T | string {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return `The request is wrong at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not a request"}`;
}
