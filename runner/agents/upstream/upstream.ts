/** Calls to the model's endpoint: the key is added here, and what may be mended before an answer begins is. */
import { sleep, systemClock } from "../../clock.ts";
import type { Dialect, Endpoint, JsonObject } from "../../../protocol/model-api/dialect.ts";
import { classifyAnswer, type ModelFailure } from "../../../protocol/model-api/model-failure.ts";
import type { ErrorCode } from "../../../protocol/error.ts";
import { RELAY_REFUSAL_HEADER } from "../../../protocol/model-api/relay.ts";
import { AnswerBody } from "./answer-body.ts";
import type { Patience } from "./patience.ts";

/** Where calls go. `baseUrl` ends before `/chat/completions`, `/messages`, `/responses`. */
export type ModelUpstream = {
  baseUrl: string;
  apiKey: string;
  headers?: Readonly<Record<string, string>>;
  /** The town, which adds the key: what it refuses by itself says nothing of the endpoint. */
  viaTown?: boolean;
};

/** What the town says when the endpoint has refused the key. */
export type Renewal =
  | { ok: true; upstream: ModelUpstream }
  /** `retryable`: the town could not be asked, so that nothing is known of the key. */
  | { ok: false; retryable: boolean; message: string };

/** Asks for the address and the key anew. */
export type Renew = () => Promise<Renewal>;

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
/** What the town refuses for a while, or until it is asked for another pass. Its other refusals are about the call. */
const PASSING: ReadonlySet<string> = new Set<ErrorCode>([
  ...(["unauthenticated", "rate_limited", "model_unreachable"] as const),
]);
const TOWN_AWAY: ReadonlySet<string> = new Set<ErrorCode>(["busy", "offline"]);
const TOWN_BACK_OFF_MS_MAX = 5_000;

export class Upstream {
  readonly #patience: Patience;
  readonly #now: () => number;
  readonly #renew: Renew | null;
  /** All that were used: an endpoint may quote an older one. */
  readonly #keys = new Set<string>();
  #target: ModelUpstream;
  #renewing: Promise<Renewal> | null = null;

  constructor(
    target: ModelUpstream,
    parts: { patience: Patience; now: () => number; renew: Renew | null },
  ) {
    this.#target = target;
    this.#keys.add(target.apiKey);
    this.#patience = parts.patience;
    this.#now = parts.now;
    this.#renew = parts.renew;
  }

  /** Calls, and calls again where that may help. `failure` null: the call was cancelled. */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    let recovered: ModelFailure | null = null;
    let renewed = false;
    const tries = { endpoint: 0, town: 0 };
    for (;;) {
      const target = this.#target;
      const tried = await this.#tryOnce(call, target);
      if (tried.ok) return { ...tried, recovered };
      let failed: Tried & { ok: false } = tried;
      if (tried.failure?.kind === "auth" && !renewed) {
        const change = await this.#changeOf(target);
        if (call.signal.aborted) return { ok: false, failure: null };
        renewed = change === "other";
        if (renewed) continue;
        if (typeof change === "object") failed = this.#unknown(change.unknown, target);
      }
      const pauseMs = this.#pauseBefore(tries, failed);
      if (pauseMs === null) return failed;
      if (failed.failure?.kind === "throttle") recovered = failed.failure;
      await sleep(systemClock, pauseMs, call.signal);
      if (call.signal.aborted) return { ok: false, failure: null };
    }
  }

  /** A provider may quote the key that it refused. */
  redact(text: string): string {
    return [...this.#keys].reduce(
      (cut, key) => (key === "" ? cut : cut.replaceAll(key, "[key]")),
      text,
    );
  }

  /** Whether there is another key by now than the refused one. Calls that are refused together ask once. */
  async #changeOf(refused: ModelUpstream): Promise<"other" | "same" | { unknown: string }> {
    if (this.#target !== refused) return "other";
    if (this.#renew === null) return "same";
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
    const renewal = await this.#renewing;
    if (this.#target !== refused) return "other";
    if (!renewal.ok) return renewal.retryable ? { unknown: renewal.message } : "same";
    const { baseUrl, apiKey } = renewal.upstream;
    if (baseUrl === refused.baseUrl && apiKey === refused.apiKey) return "same";
    this.#target = renewal.upstream;
    this.#keys.add(apiKey);
    return "other";
  }

  /** How long to wait before one more try, or null: the agent is told. */
  #pauseBefore(
    tries: { endpoint: number; town: number },
    failed: Tried & { ok: false },
  ): number | null {
    if (failed.failure === null || failed.final) return null;
    const { retriesMax, townTriesMax, backOffMs, retryAfterMsMax } = this.#patience;
    const { kind, retryAfterMs } = failed.failure;
    if (failed.townAway) {
      // It starts anew, or the network is away: nothing that an agent could mend.
      if (tries.town >= townTriesMax) return null;
      return Math.min(backOffMs * 2 ** tries.town++, TOWN_BACK_OFF_MS_MAX);
    }
    if (tries.endpoint >= retriesMax) return null;
    if (retryAfterMs !== null && retryAfterMs > retryAfterMsMax) return null;
    const growing = Math.max(retryAfterMs ?? 0, backOffMs * 2 ** tries.endpoint++);
    if (kind === "throttle") return retryAfterMs;
    return kind === "unreachable" ? growing : null;
  }

  /** Nothing is known of the key: the town could not be asked. */
  #unknown(said: string, { viaTown = false }: ModelUpstream): Tried & { ok: false } {
    return { ...this.#unreachable(said), final: !viaTown, townAway: viaTown };
  }

  async #tryOnce(call: UpstreamCall, target: ModelUpstream): Promise<Tried> {
    const { baseUrl, apiKey, headers } = target;
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
      if (late.signal.aborted)
        return {
          ...this.#unreachable("The model endpoint did not begin to answer in time."),
          final: true,
        };
      const { viaTown = false } = target;
      const what = viaTown ? "The town" : "The model endpoint";
      return { ...this.#unreachable(`${what} cannot be reached: ${why}`), townAway: viaTown };
    } finally {
      callOff();
    }
    return answer.ok ? { ok: true, answer } : this.#refused(call, target, answer);
  }

  #unreachable(said: string): Failed {
    const message = this.redact(said);
    const failure = { kind: "unreachable", status: null, message, retryAfterMs: null } as const;
    return { ok: false, failure, said: "" };
  }

  async #refused(
    { dialect, signal }: UpstreamCall,
    { viaTown = false }: ModelUpstream,
    answer: Response,
  ): Promise<Tried> {
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
    const own = viaTown ? answer.headers.get(RELAY_REFUSAL_HEADER) : null;
    if (own !== null && TOWN_AWAY.has(own)) return { ok: false, failure, said, townAway: true };
    if (own === null || PASSING.has(own)) return { ok: false, failure, said };
    return { ok: false, failure: { ...failure, kind: "other" }, said, final: true };
  }
}

interface Failed {
  ok: false;
  failure: ModelFailure;
  said: string;
  /** Not worth another try. */
  final?: boolean;
  /** It was the town that could not take the call. */
  townAway?: boolean;
}

type Tried = { ok: true; answer: Response } | Failed | { ok: false; failure: null; final?: true };
