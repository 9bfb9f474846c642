/** The APIs that the gateway answers. */
import { chatDialect } from "./chat.ts";
import type { Dialect, Endpoint } from "./dialect.ts";
import { messagesDialect } from "./messages.ts";
import { responsesDialect } from "./responses.ts";

const DIALECTS: readonly Dialect[] = [chatDialect, messagesDialect, responsesDialect];

export const ENDPOINT_PATHS = DIALECTS.flatMap(({ endpoints }) =>
  endpoints.map(({ path }) => `/v1${path}`),
);

/** Who answers this path; null for a path that is none of ours. */
export function findEndpoint(pathname: string): { dialect: Dialect; endpoint: Endpoint } | null {
  for (const dialect of DIALECTS) {
    const endpoint = dialect.endpoints.find(({ path }) => pathname === `/v1${path}`);
    if (endpoint !== undefined) return { dialect, endpoint };
  }
  return null;
}

/** The dialect of a request that does not show it by its path, so that a refusal can be read. */
export function dialectOf(headers: Headers): Dialect {
  const isMessages = headers.has("anthropic-version") || headers.has("x-api-key");
  return isMessages ? messagesDialect : chatDialect;
}
