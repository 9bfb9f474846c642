/** What both of OpenAI's APIs share: the key's header, the shape of errors, the codes in them. */
import type { Dialect } from "./dialect.ts";

export const openAi: Pick<Dialect, "tokenOf" | "headersFor" | "errorBody" | "failureKinds"> = {
  tokenOf: (headers) => bearerOf(headers),
  headersFor: (_agent, key) => ({ authorization: `Bearer ${key}` }),
  errorBody: ({ code, message }) => ({ error: { message, type: "gateway_error", code } }),
  failureKinds: {
    insufficient_quota: "quota",
    billing_hard_limit_reached: "quota",
    model_not_found: "model_missing",
    rate_limit_exceeded: "throttle",
    server_is_overloaded: "throttle",
    invalid_api_key: "auth",
  },
};

export function bearerOf(headers: Headers): string | null {
  return /^Bearer (.+)$/.exec(headers.get("authorization") ?? "")?.[1] ?? null;
}
