/**
 * One call to the model for a run whose runner may not have the key: it goes on with the key, what is answered passes as it
 * comes, and all of it is metered, also what nobody waits for any more.
 */
import { CallMeter } from "../../protocol/model-api/call-meter.ts";
import type { Dialect, Endpoint, JsonObject } from "../../protocol/model-api/dialect.ts";
import { parseJson } from "../../protocol/model-api/model-usage.ts";
import type { ModelGrant, RelayedUse } from "../core.ts";
import type { SeenTrouble, Trouble } from "../model/provider.ts";
import {
  classifyAnswer,
  classifyEvent,
  type ModelFailure,
  type ModelFailureKind,
} from "../../protocol/model-api/model-failure.ts";
import { KeyCut } from "./key-cut.ts";

export interface RelayedRequest {
  dialect: Dialect;
  endpoint: Endpoint;
  model: string;
  /** Checked, and rewritten for metering. */
  body: JsonObject;
  /** Of the runner's gateway. */
  headers: Headers;
  /** Who calls has hung up, or may not call any more. */
  signal: AbortSignal;
}

export interface RelayPorts {
  now(): number;
  /** The key may have been changed since the call began; null: the run may not call any more. */
  grantAgain(): ModelGrant | null;
  /** Called once per call that has cost something. */
  used(use: RelayedUse): void;
  /** The endpoint itself said so, or could not be reached. */
  troubled(trouble: SeenTrouble): void;
  /** Something of the answer passed. */
  moved(): void;
  /** Nothing of the call is under way any more. */
  ended(): void;
}

/** Of what was not streamed; a longer one is counted by its length. */
const WHOLE_BYTES_MAX = 8 * 1024 * 1024;
const ERROR_BYTES_MAX = 64 * 1024;
const BAD_GATEWAY = 502;
/** What the town's rules know as trouble with the provider. */
const TROUBLES: Readonly<Record<ModelFailureKind, Trouble | null>> = {
  throttle: "throttled",
  quota: "quota",
  auth: "refused",
  model_missing: "refused",
  unreachable: "unreachable",
  other: null,
};
const NOTHING = new Uint8Array();
const HEADERS_ANSWERED = ["content-type", "retry-after", "request-id", "x-request-id"];

export class RelayedCall {
  readonly #request: RelayedRequest;
  readonly #ports: RelayPorts;
  readonly #meter: CallMeter;
  readonly #beganAt: number;
  #grant: ModelGrant;
  #isEnded = false;

  constructor(grant: ModelGrant, request: RelayedRequest, ports: RelayPorts) {
    this.#grant = grant;
    this.#request = request;
    this.#ports = ports;
    this.#beganAt = ports.now();
    this.#meter = new CallMeter(request.dialect.openReader(), request.body);
  }

  /**
   * What the endpoint answers; its errors without the key.
   * @throws when the endpoint cannot be reached, or who called has hung up
   */
  async answer(): Promise<Response> {
    try {
      const answer = await this.#call();
      if (answer.ok) return this.#stream(answer);
      const said = await textOf(answer, this.#grant.apiKey ?? "");
      const { failureKinds } = this.#request.dialect;
      this.#trouble(classifyAnswer(answer, said, failureKinds, this.#ports.now()));
      this.#end();
      const status = answer.status < 400 ? BAD_GATEWAY : answer.status;
      return new Response(said, { status, headers: headersOf(answer) });
    } catch (error) {
      // The endpoint has the request: it reckons with it, whether or not somebody waits for the answer.
      if (this.#request.signal.aborted) this.#record();
      else this.#ports.troubled({ trouble: "unreachable", retryAfterMs: null });
      this.#end();
      throw error;
    }
  }

  async #call(): Promise<Response> {
    const answer = await this.#fetch();
    if (answer.status !== 401 && answer.status !== 403) return answer;
    const before = this.#grant;
    const now = this.#ports.grantAgain();
    if (now === null || (now.apiKey === before.apiKey && now.baseUrl === before.baseUrl))
      return answer;
    await answer.body?.cancel();
    this.#grant = now;
    return this.#fetch();
  }

  #fetch(): Promise<Response> {
    const { dialect, endpoint, body, headers, signal } = this.#request;
    const { baseUrl, apiKey } = this.#grant;
    return fetch(`${baseUrl.replace(/\/+$/, "")}${endpoint.path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        // What passes is metered on its way: it has to be readable.
        "accept-encoding": "identity",
        ...dialect.headersFor(headers, apiKey ?? ""),
        "x-kilocode-feature": "gastown",
      },
      body: JSON.stringify(body),
      // A redirect would carry the key to another host.
      redirect: "manual",
      timeout: false,
      signal,
    });
  }

  /** Pulls from the endpoint only when the runner reads. */
  #stream(answer: Response): Response {
    const reader = (answer.body ?? new Blob([]).stream()).getReader();
    const { signal } = this.#request;
    const keyCut = new KeyCut(this.#grant.apiKey ?? "");
    const whole = isEvents(answer) ? null : new Whole();
    const over = () => {
      signal.removeEventListener("abort", hangUp);
      if (whole !== null) this.#meter.whole(whole.json(), whole.bytes);
      this.#record();
      this.#end();
    };
    // An aborted fetch does not always end a read.
    const hangUp = () => {
      over();
      reader.cancel().catch(() => undefined);
    };
    signal.addEventListener("abort", hangUp);
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          let clean: Uint8Array = NOTHING;
          while (clean.byteLength === 0) {
            const { done, value = NOTHING } = await reader.read();
            if (signal.aborted) return controller.error(signal.reason);
            if (done) break;
            this.#ports.moved();
            if (whole === null) this.#meter.piece(value);
            else whole.add(value);
            clean = keyCut.next(value);
          }
          if (clean.byteLength > 0) return controller.enqueue(clean);
          const rest = keyCut.rest();
          if (rest.byteLength > 0) controller.enqueue(rest);
          this.#meter.complete();
          over();
          controller.close();
        } catch (error) {
          // The endpoint broke off: so must we.
          over();
          controller.error(error);
        }
      },
      cancel: hangUp,
    });
    return new Response(body, { status: answer.status, headers: headersOf(answer) });
  }

  /** Once, whatever ends it. */
  #record(): void {
    const { endpoint, model } = this.#request;
    if (!this.#meter.close() || !endpoint.metered) return;
    const spent = this.#meter.spent();
    this.#ports.used({
      model,
      // A provider's figures need not be whole.
      inputTokens: Math.round(spent.inputTokens),
      outputTokens: Math.round(spent.outputTokens),
      reasoningTokens: Math.round(spent.reasoningTokens),
      cacheReadTokens: Math.round(spent.cacheReadTokens),
      cacheWriteTokens: Math.round(spent.cacheWriteTokens),
      costUsd: spent.reportedCostUsd,
      durationMs: Math.max(0, this.#ports.now() - this.#beganAt),
      status: 200,
    });
    const { failure } = this.#meter;
    if (failure) this.#trouble(classifyEvent(failure, this.#request.dialect.failureKinds));
  }

  #trouble({ kind, retryAfterMs }: ModelFailure): void {
    const trouble = TROUBLES[kind];
    if (trouble !== null) this.#ports.troubled({ trouble, retryAfterMs });
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#ports.ended();
  }
}

/** What was answered in one piece, kept beside its way for its figures. */
class Whole {
  bytes = 0;
  #pieces: Uint8Array[] = [];

  add(piece: Uint8Array): void {
    this.bytes += piece.byteLength;
    if (this.bytes > WHOLE_BYTES_MAX) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  json(): unknown {
    return parseJson(Buffer.concat(this.#pieces).toString("utf8"));
  }
}

/** Some endpoints do not name what they stream: only what says that it is JSON is in one piece. */
function isEvents({ headers }: Response): boolean {
  return !(headers.get("content-type") ?? "").startsWith("application/json");
}

/** The beginning of it, without the key; the status says enough where it breaks off. */
async function textOf(answer: Response, key: string): Promise<string> {
  const keyCut = new KeyCut(key);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    // Before the end is cut off: it could cut the key too.
    pieces.push(keyCut.next(piece));
    bytes += piece.byteLength;
    if (bytes > ERROR_BYTES_MAX) break;
  }
  if (bytes <= ERROR_BYTES_MAX) pieces.push(keyCut.rest());
  return Buffer.concat(pieces).subarray(0, ERROR_BYTES_MAX).toString("utf8");
}

function headersOf({ headers: from }: Response): Headers {
  // No proxy between town and runner may hold back what comes in pieces.
  const headers = new Headers({ "cache-control": "no-store", "x-accel-buffering": "no" });
  for (const name of HEADERS_ANSWERED) {
    const value = from.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
