/**
 * What the gateway has to know of one API in which agents speak with language models. Agent and endpoint speak the
 * same: nothing is translated. Default deny: what is not known here is refused, since it may spend, store or reach
 * out where the gateway sees nothing of it.
 */
import type { ModelFailureKind } from "./model-failure.ts";
import type { MeteredUsage } from "./model-usage.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Why a request is not passed on, in a code and a sentence that says what to do. */
export interface Denied {
  code:
    | "invalid_request"
    | "unknown_field"
    | "stored_state"
    | "hosted_feature"
    | "hosted_tool"
    | "remote_content"
    | "unknown_content";
  message: string;
}

export interface Endpoint {
  /** Below `/v1` of the gateway, and below the base address upstream. */
  path: string;
  /** Top-level fields of a request that are let through. */
  fields: ReadonlySet<string>;
  /** False for what costs nothing and is answered without the model. */
  metered: boolean;
}

/** Reads what a call used out of its whole answer, or out of each event of its stream. */
export interface UsageReader {
  read(json: unknown): void;
  readonly usage: MeteredUsage | null;
  /** What an endpoint said in a stream that had begun well. */
  readonly failure: { code: string; message: string } | null;
}

export interface Dialect {
  name: "chat" | "messages" | "responses";
  endpoints: readonly Endpoint[];
  /** The field with the conversation: a list. */
  conversation: "messages" | "input";
  /** What the agent gave as its run's token, or null. */
  tokenOf(headers: Headers): string | null;
  /** Headers for upstream: the key where the agent had its token, and what of its own is let through. */
  headersFor(agent: Headers, key: string): Record<string, string>;
  /** Fields that are refused, with the reason; null, false and empty lists of them are dropped. */
  refused: Readonly<Record<string, Denied>>;
  /** Looks below the top level, at tools and contents. */
  inspect(body: JsonObject): Denied | null;
  /** The request as it goes upstream, metered and storing nothing. */
  rewrite(body: JsonObject): JsonObject;
  openReader(): UsageReader;
  /** An error in the shape that clients of this API read. */
  errorBody(error: { status: number; code: string; message: string }): unknown;
  /** Kinds of failures by the error's own code or type, where the status does not tell. */
  failureKinds: Readonly<Record<string, ModelFailureKind>>;
}
