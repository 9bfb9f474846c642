/** HTTP status of each error code. The body carries the code and its sentence; the status only sorts. */
import type { Ack, ErrorCode } from "../../protocol/index.ts";

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_json: 400,
  invalid_body: 400,
  too_large: 413,
  unknown_command: 404,
  unknown_topic: 404,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  ambiguous: 409,
  stale_version: 409,
  illegal_transition: 409,
  already_exists: 409,
  idempotency_conflict: 409,
  cyclic_dependency: 422,
  parallel_required: 422,
  foreign_rig: 422,
  merge_in_flight: 409,
  stale_fence: 409,
  stale_connection: 409,
  stale_epoch: 409,
  protocol_version: 400,
  twin_runner: 409,
  rate_limited: 429,
  busy: 503,
  offline: 503,
  deadline: 504,
  no_model: 409,
  model_unreachable: 502,
  model_auth: 502,
  model_unknown: 502,
  model_error: 502,
  secret_unreadable: 409,
  repository_unreachable: 502,
  repository_auth: 502,
  repository_empty: 422,
  repository_invalid: 422,
  target_missing: 422,
  isolation_unconfirmed: 409,
  no_gates: 422,
  unsupported: 422,
  internal: 500,
};

/** The status that goes with a code. */
export function statusOf(code: ErrorCode): number {
  return STATUS[code];
}

/** The answer to an HTTP request, as JSON. */
export function ackResponse(ack: Ack): Response {
  const headers = new Headers({ "cache-control": "no-store" });
  if (ack.ok) return Response.json(ack, { headers });
  const { code, minBackoffMs } = ack.error;
  if (minBackoffMs !== undefined)
    headers.set("retry-after", String(Math.ceil(minBackoffMs / 1000)));
  return Response.json(ack, { status: STATUS[code], headers });
}
