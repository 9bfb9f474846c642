/** Calls to the model's endpoint: the key is added here, and what may be mended before an answer begins is. */
import { sleep, systemClock } from "../../clock.ts";
import type { Dialect, Endpoint, JsonObject } from "../dialects/dialect.ts";
import { classifyAnswer, type ModelFailure } from "../model-failure.ts";
import { AnswerBody } from "./answer-body.ts";
import type { Patience } from "./patience.ts";

/** Where calls go. `baseUrl` ends before `/chat/completions`, `/messages`, `/responses`. */
export type ModelUpstream = {
  baseUrl: string;
  apiKey: string;
  headers?: Readonly<Record<string, string>>;
};

export interface UpstreamCall {
  dialect: Dialect;
  endpoint: Endpoint;
  /** Of the agent's request. */
  headers: Headers;
  body: JsonObject;
  /** Ends the call: the agent is gone, or the gateway closes. */
  signal: AbortSignal;
}

export type UpstreamAnswer =
  /** `recovered`: what the provider asked for before it answered. */
  | { ok: true; answer: Response; recovered: ModelFailure | null }
  | {
      ok: false;
      failure: ModelFailure;
      /** What the endpoint said, without the key. */ said: string;
    }
  | { ok: false; failure: null };

const ERROR_BODY_BYTES_MAX = 64 * 1024;

export class Upstream {
  readonly #patience: Patience;
  readonly #now: () => number;
  #target: ModelUpstream;

  constructor(target: ModelUpstream, patience: Patience, now: () => number) {
    this.#target = target;
    this.#patience = patience;
    this.#now = now;
  }

  /** Calls, and calls again where that may help. `failure` null: the call was cancelled. */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    let recovered: ModelFailure | null = null;
    for (let attempt = 0; ; attempt++) {
      const tried = await this.#tryOnce(call);
      if (tried.ok) return { ...tried, recovered };
      if (tried.failure === null) return tried;
      const pauseMs = tried.final ? null : this.#pauseBefore(attempt, tried.failure);
      if (pauseMs === null) return tried;
      if (tried.failure.kind === "throttle") recovered = tried.failure;
      await sleep(systemClock, pauseMs, call.signal);
      if (call.signal.aborted) return { ok: false, failure: null };
    }
  }

  /** A provider may quote the key that it refused. */
  redact(text: string): string {
    const { apiKey } = this.#target;
    return apiKey === "" ? text : text.replaceAll(apiKey, "[key]");
  }

  /** How long to wait before one more try, or null: the agent is told. */
  #pauseBefore(attempt: number, { kind, retryAfterMs }: ModelFailure): number | null {
    const { retriesMax, backOffMs, retryAfterMsMax } = this.#patience;
    if (attempt >= retriesMax) return null;
    if (retryAfterMs !== null && retryAfterMs > retryAfterMsMax) return null;
    if (kind === "throttle") return retryAfterMs;
    return kind === "unreachable" ? Math.max(retryAfterMs ?? 0, backOffMs * 2 ** attempt) : null;
  }

  async #tryOnce(call: UpstreamCall): Promise<Tried> {
    const { baseUrl, apiKey, headers } = this.#target;
    const { dialect, endpoint, signal } = call;
    const late = new AbortController();
    const callOff = systemClock.after(this.#patience.headersMs, () => late.abort());
    let answer: Response;
    try {
      answer = await fetch(`${baseUrl.replace(/\/+$/, "")}${endpoint.path}`, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          // What passes is metered on its way: it has to be readable.
          "accept-encoding": "identity",
          ...dialect.headersFor(call.headers, apiKey),
          "x-kilocode-feature": "gastown",
        },
        body: JSON.stringify(call.body),
        // A redirect would carry the key to another host.
        redirect: "manual",
        timeout: false,
        signal: AbortSignal.any([signal, late.signal]),
      });
    } catch (error) {
      if (signal.aborted) return { ok: false, failure: null };
      const why = error instanceof Error ? error.message : String(error);
      return late.signal.aborted
        ? this.#unreachable("The model endpoint did not begin to answer in time.", true)
        : this.#unreachable(`The model endpoint cannot be reached: ${why}`, false);
    } finally {
      callOff();
    }
    return answer.ok ? { ok: true, answer } : this.#refused(call, answer);
  }

  #unreachable(said: string, final: boolean): Tried {
    const message = this.redact(said);
    const failure = { kind: "unreachable", status: null, message, retryAfterMs: null } as const;
    return { ok: false, failure, said: "", final };
  }

  async #refused({ dialect, signal }: UpstreamCall, answer: Response): Promise<Tried> {
    const body = new AnswerBody(answer, this.#patience.silenceMs, signal);
    let said: string;
    try {
      const bytes = await body.all(ERROR_BODY_BYTES_MAX);
      said = this.redact(Buffer.from(bytes ?? []).toString("utf8"));
    } catch {
      // The status says enough.
      if (signal.aborted) return { ok: false, failure: null };
      said = "";
    }
    const failure = classifyAnswer(answer, said, dialect.failureKinds, this.#now());
    return { ok: false, failure, said, final: false };
  }
}

type Tried =
  | { ok: true; answer: Response }
  | { ok: false; failure: ModelFailure; said: string; final: boolean }
  | { ok: false; failure: null };
