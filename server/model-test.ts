/** One small request to a language model: does the address answer, is the key good, is the model there. */
import { z } from "zod";
import { ok, refuse, type Result } from "../protocol/index.ts";
import type { Clock } from "./core.ts";

export interface ModelEndpoint {
  provider: "kilo" | "openai-compatible" | "scripted";
  /** Ends before `/chat/completions`. */
  baseUrl: string;
  key: string | null;
  model: string;
}
export interface ModelAnswer {
  model: string;
  answer: string;
  durationMs: number;
}

const DEADLINE_MS = 30_000;
const ANSWER_CHARS_MAX = 200;
/** Of a foreign error message, as much as helps. */
const MESSAGE_CHARS_MAX = 300;

const completionSchema = z.object({
  model: z.string().optional(),
  choices: z.array(z.object({ message: z.object({ content: z.string().nullish() }) })).min(1),
});
const failureSchema = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

/** Errors: `model_unreachable`, `model_auth`, `model_unknown`, `model_error`, each with what was answered. */
export async function testModel(
  endpoint: ModelEndpoint,
  clock: Clock,
): Promise<Result<ModelAnswer>> {
  const startedMs = clock.mono();
  let response: Response;
  let text: string;
  try {
    response = await fetch(
      `${endpoint.baseUrl.replace(/\/+$/, "")}/chat/completions`,
      requestOf(endpoint),
    );
    text = await response.text();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return refuse(
      "model_unreachable",
      `${endpoint.baseUrl} does not answer (${why}). Check the address and the network.`,
      {
        retryable: true,
      },
    );
  }
  if (!response.ok) return refuseStatus(endpoint, response.status, messageOf(text));
  const parsed = completionSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    return refuse(
      "model_error",
      `${endpoint.baseUrl} answered with something else than a completion. Is this the address of an OpenAI-compatible API, up to and with /v1?`,
    );
  }
  const answer = parsed.data.choices[0]?.message.content ?? "";
  return ok({
    model: parsed.data.model ?? endpoint.model,
    answer: answer.trim().slice(0, ANSWER_CHARS_MAX),
    durationMs: Math.round(clock.mono() - startedMs),
  });
}

function requestOf(endpoint: ModelEndpoint): RequestInit {
  return {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(endpoint.key === null ? {} : { authorization: `Bearer ${endpoint.key}` }),
      ...(endpoint.provider === "kilo" ? { "x-kilocode-feature": "gastown" } : {}),
    },
    body: JSON.stringify({
      model: endpoint.model,
      messages: [{ role: "user", content: "Answer with the one word: ready" }],
      max_tokens: 64,
      stream: false,
    }),
    redirect: "error",
    signal: AbortSignal.timeout(DEADLINE_MS),
  };
}

function refuseStatus(endpoint: ModelEndpoint, status: number, message: string): Result<never> {
  const said = message === "" ? `HTTP ${status}` : `HTTP ${status}: ${message}`;
  if (status === 401 || status === 403) {
    return refuse(
      "model_auth",
      `${endpoint.baseUrl} refuses the key (${said}). Enter a valid one.`,
    );
  }
  if (status === 402)
    return refuse(
      "model_auth",
      `The account at ${endpoint.baseUrl} has no credit (${said}). Add some.`,
    );
  if (status === 404 || (status === 400 && /model/i.test(message))) {
    return refuse(
      "model_unknown",
      `${endpoint.baseUrl} does not know the model ${endpoint.model} (${said}). Choose another.`,
    );
  }
  const retryable = status === 429 || status >= 500;
  return refuse(
    "model_error",
    `${endpoint.baseUrl} failed (${said}).${retryable ? " Try again later." : ""}`,
    { retryable },
  );
}

function messageOf(text: string): string {
  const parsed = failureSchema.safeParse(jsonOf(text));
  if (!parsed.success) return "";
  const { error } = parsed.data;
  return (typeof error === "string" ? error : error.message).slice(0, MESSAGE_CHARS_MAX);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // No JSON is an answer that fits no schema.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
