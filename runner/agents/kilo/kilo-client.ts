/** Requests to one kilo server, over the socket of its sandbox or its loopback port. Answers are bounded and parsed. */
import { createKiloClient, type KiloClient as Sdk } from "@kilocode/sdk/v2/client";
import { z } from "zod";
import { refuse, type Result } from "../../../protocol/error.ts";
import type { ListenAddress } from "../../sandbox/sandbox-spec.ts";
import { parseJson } from "../../../protocol/model-api/model-usage.ts";
import { readEventData } from "./event-stream.ts";
import { PROVIDER_ID } from "./kilo-config.ts";
import {
  eventSchema,
  healthSchema,
  messagesSchema,
  sessionSchema,
  statusesSchema,
  toolIdsSchema,
  toolServersSchema,
} from "./kilo-wire.ts";
import type { KiloEvent, KiloMessages, KiloStatus } from "./kilo-wire.ts";

const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;
const MESSAGES_MAX = 50;

export type KiloAddress = { address: ListenAddress; password: string; directory: string };

export class KiloClient {
  readonly #target: KiloAddress;
  readonly #sdk: Sdk;

  constructor(target: KiloAddress) {
    this.#target = target;
    this.#sdk = createKiloClient({
      baseUrl: baseUrl(target.address),
      directory: target.directory,
      headers: this.#headers(),
      fetch: Object.assign((request: Request | string | URL) => this.#bounded(request), {
        preconnect: fetch.preconnect,
      }),
    });
  }

  async toolServers(): Promise<
    Result<Record<string, { status: string; error?: string | undefined }>>
  > {
    return ask(toolServersSchema, () => this.#sdk.mcp.status());
  }

  async toolIds(): Promise<Result<string[]>> {
    return ask(toolIdsSchema, () => this.#sdk.tool.ids());
  }

  async health(): Promise<Result<{ version: string }>> {
    return ask(healthSchema, () => this.#sdk.global.health());
  }

  async createSession(title: string): Promise<Result<{ id: string }>> {
    return ask(sessionSchema, () => this.#sdk.session.create({ title }));
  }

  async deleteSession(sessionID: string): Promise<Result<unknown>> {
    return ask(z.unknown(), () => this.#sdk.session.delete({ sessionID }));
  }

  /** Begins or queues a turn. Sending the same id again would run a second one. */
  async prompt(turn: {
    sessionId: string;
    kiloMessageId: string;
    agent: string;
    /** Of this run: a conversation that goes on would go on with the model before. */
    model: string;
    text: string;
  }): Promise<Result<unknown>> {
    const { sessionId: sessionID, kiloMessageId: messageID, agent, model: modelID, text } = turn;
    return ask(z.unknown(), () =>
      this.#sdk.session.promptAsync({
        sessionID,
        messageID,
        agent,
        model: { providerID: PROVIDER_ID, modelID },
        parts: [{ type: "text", text }],
      }),
    );
  }

  async abort(sessionID: string): Promise<Result<unknown>> {
    return ask(z.unknown(), () => this.#sdk.session.abort({ sessionID }));
  }

  /** The latest messages, oldest first. */
  async messages(sessionID: string): Promise<Result<KiloMessages>> {
    return ask(messagesSchema, () =>
      this.#sdk.session.messages({ sessionID, limit: MESSAGES_MAX }),
    );
  }

  async status(sessionId: string): Promise<Result<KiloStatus>> {
    const all = await ask(statusesSchema, () => this.#sdk.session.status());
    return all.ok ? { ok: true, value: all.value[sessionId] ?? { type: "idle" } } : all;
  }

  async rejectPermission(requestID: string, message: string): Promise<Result<unknown>> {
    return ask(z.unknown(), () =>
      this.#sdk.permission.reply({ requestID, reply: "reject", message }),
    );
  }

  async rejectQuestion(requestID: string): Promise<Result<unknown>> {
    return ask(z.unknown(), () => this.#sdk.question.reject({ requestID }));
  }

  async retryNetwork(requestID: string): Promise<Result<unknown>> {
    return ask(z.unknown(), () => this.#sdk.network.reply({ requestID }));
  }

  /** Events from now on, until the stream breaks or `signal` aborts. `onOpen` is told when nothing will be missed. */
  async *events(signal: AbortSignal, onOpen: () => void): AsyncGenerator<KiloEvent> {
    const url = `${baseUrl(this.#target.address)}/event?directory=${encodeURIComponent(this.#target.directory)}`;
    const answer = await this.#fetch(new Request(url, { headers: this.#headers(), signal }));
    if (!answer.ok || answer.body === null)
      throw new Error(`kilo's event stream answered ${answer.status}`);
    onOpen();
    for await (const data of readEventData(answer.body)) {
      const parsed = eventSchema.safeParse(parseJson(data));
      if (parsed.success) yield parsed.data;
    }
  }

  #headers(): Record<string, string> {
    return { authorization: `Basic ${btoa(`kilo:${this.#target.password}`)}` };
  }

  #fetch(request: Request): Promise<Response> {
    const { address } = this.#target;
    return fetch(request, { timeout: false, ...("unix" in address ? { unix: address.unix } : {}) });
  }

  async #bounded(input: Request | string | URL): Promise<Response> {
    const request = input instanceof Request ? input : new Request(input);
    const answer = await this.#fetch(
      new Request(request, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }),
    );
    const body = await readBounded(answer.body, ANSWER_BYTES_MAX);
    const empty = answer.status === 204 || answer.status === 304;
    return new Response(empty ? null : body, { status: answer.status, headers: answer.headers });
  }
}

function baseUrl(address: ListenAddress): string {
  return "port" in address ? `http://127.0.0.1:${address.port}` : "http://127.0.0.1";
}

async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new Error(`kilo's answer is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

type SdkAnswer = { data?: unknown; error?: unknown; response?: Response };

/** A server that is gone is an expected failure: the run is told by its exit, not by an exception. */
async function ask<T>(schema: z.ZodType<T>, call: () => Promise<SdkAnswer>): Promise<Result<T>> {
  try {
    return parse(schema, await call());
  } catch (error) {
    return silent(error);
  }
}

function silent(error: unknown): Result<never> {
  return refuse("offline", `kilo does not answer: ${shorten(error)}`, { retryable: true });
}

function parse<T>(schema: z.ZodType<T>, answer: SdkAnswer): Result<T> {
  // The SDK gives an error of the network back, without an answer.
  if (answer.response === undefined) return silent(answer.error);
  if (answer.error !== undefined) {
    const { status } = answer.response;
    return refuse("internal", `kilo refused a request with ${status}: ${shorten(answer.error)}`, {
      retryable: true,
    });
  }
  const parsed = schema.safeParse(answer.data);
  if (parsed.success) return { ok: true, value: parsed.data };
  return refuse(
    "internal",
    `kilo answered what this version does not understand: ${shorten(z.prettifyError(parsed.error))}`,
  );
}

function shorten(error: unknown): string {
  const text =
    error instanceof Error
      ? error.message
      : typeof error === "string"
        ? error
        : JSON.stringify(error);
  return text.slice(0, 500);
}
