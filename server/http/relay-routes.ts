/** The addresses at which the gateways of runners without the model's key call it. */
import type { Hono } from "hono";
import { refuse, type Ack } from "../../protocol/index.ts";
import { dialectOf } from "../../protocol/model-api/dialects.ts";
import { MODEL_RELAY_PATH, RELAY_REFUSAL_HEADER } from "../../protocol/model-api/relay.ts";
import { RELAYED_BYTES_MAX, type ModelRelay } from "../relay/model-relay.ts";
import { readText } from "./body.ts";
import { ackResponse, statusOf } from "./status.ts";

/** What the server knows of a request besides the request. */
export interface RelayEnv {
  Bindings: {
    address: string;
    /** Silence on its connection does not end it. */
    waitLong: () => void;
  };
}

/** Of a request's whole body. One that stands still is ended by the server before. */
const READ_MS_MAX = 60_000;

export function addModelRelay(app: Hono<RelayEnv>, relay: ModelRelay): void {
  app.post(`${MODEL_RELAY_PATH}/*`, async (context) => {
    const request = context.req.raw;
    const answer = await relayed(relay, request, context.env);
    return answer instanceof Response ? answer : refusal(request.headers, answer);
  });
}

function relayed(
  relay: ModelRelay,
  request: Request,
  { waitLong }: RelayEnv["Bindings"],
): Promise<Response | Ack<never>> {
  const bytes = Number(request.headers.get("content-length") ?? Number.NaN);
  if (!Number.isSafeInteger(bytes))
    return Promise.resolve(refuse("invalid_body", "A call names its length."));
  return relay.answer({
    path: new URL(request.url).pathname.slice(MODEL_RELAY_PATH.length),
    headers: request.headers,
    bytes: Math.min(bytes, RELAYED_BYTES_MAX),
    async read() {
      const text = await readText(request, RELAYED_BYTES_MAX, READ_MS_MAX);
      // Models think for minutes before they say a word: who called hangs up when it is too long.
      waitLong();
      return text;
    },
    signal: request.signal,
  });
}

/** In the API's own shape, and told apart from what an endpoint says. */
function refusal(asked: Headers, ack: Ack<never>): Response {
  if (ack.ok) throw new Error("a refusal is no success");
  const { code, message, minBackoffMs } = ack.error;
  const status = statusOf(code);
  const { headers } = ackResponse(ack);
  headers.set(RELAY_REFUSAL_HEADER, code);
  if (minBackoffMs === undefined) headers.delete("retry-after");
  const body = dialectOf(asked).errorBody({ status, code, message });
  return Response.json(body, { status, headers });
}
