/** Tells apart what ended a turn of kilo. Pure. By status and code; the words are only shown. */
import type { AgentErrorKind, AgentEvent } from "../driver.ts";
import { readRetryAfter } from "../../../protocol/model-api/model-failure.ts";
import { parseJson } from "../../../protocol/model-api/model-usage.ts";
import type { KiloError } from "./kilo-wire.ts";
import { z } from "zod";

const MESSAGE_CHARS_MAX = 1_000;

const gatewayErrorSchema = z.object({
  error: z.object({ type: z.literal("gateway_error"), code: z.string(), message: z.string() }),
});

/** Codes of the gateway's own errors that say what the provider did. */
const MODEL_KINDS: Readonly<Record<string, AgentErrorKind>> = {
  model_throttle: "throttle",
  model_quota: "quota",
  model_auth: "auth",
  model_model_missing: "model_missing",
  model_unreachable: "unreachable",
  model_other: "other",
};
const KINDS_BY_NAME: Readonly<Record<string, AgentErrorKind>> = {
  ProviderAuthError: "auth",
  ContextOverflowError: "context_overflow",
};

/** Null for an error that only says that we interrupted the turn. */
export function mapKiloError(error: KiloError): AgentEvent | null {
  if (error.name === "MessageAbortedError") return null;
  const gateway = gatewayErrorSchema.safeParse(parseJson(error.data.responseBody ?? ""));
  if (gateway.success) {
    const { code, message } = gateway.data.error;
    return errorEvent(MODEL_KINDS[code] ?? "refused", code, message, error);
  }
  return errorEvent(
    KINDS_BY_NAME[error.name] ?? "other",
    error.name,
    error.data.message ?? error.name,
    error,
  );
}

function errorEvent(
  kind: AgentErrorKind,
  code: string,
  message: string,
  error: KiloError,
): AgentEvent {
  // The gateway always answers with seconds, so no clock is needed to read it.
  const retryAfterMs = readRetryAfter(error.data.responseHeaders?.["retry-after"] ?? null, 0);
  return {
    type: "error",
    kind,
    code,
    message: message.slice(0, MESSAGE_CHARS_MAX),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}
