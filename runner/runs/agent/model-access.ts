/** A run's access to its model: the credential it is given, whether it may call now, what its calls cost. */
import { refuse, type Ack } from "../../../protocol/error.ts";
import type { ModelCredential } from "../../../protocol/runner-frames.ts";
import type { Admission, ModelCallRecord } from "../../agents/gateway.ts";
import type { ModelUpstream, Renewal } from "../../agents/upstream/upstream.ts";
import { sleep } from "../../clock.ts";
import { MODEL_RETRY_FIRST_MS, MODEL_RETRY_LAST_MS } from "../../config.ts";
import { backOffMs } from "../../session/back-off.ts";
import type { LiveRun } from "../live-run.ts";
import type { Workplace } from "../workplace.ts";

const CREDENTIAL_ATTEMPTS_MAX = 5;

/** Asks while the town can be reached; what it may mend by itself is asked again a few times. */
export async function modelCredential(
  place: Workplace,
  run: LiveRun,
): Promise<Ack<ModelCredential>> {
  // A run that leaves its runner may finish what it writes, but it begins nothing.
  return askCredential(place, run, async () => !run.signal.aborted && (await run.authority()));
}

/** Asks once more, for an agent whose call waits: the endpoint has refused the key that the run began with. */
export async function renewCredential(place: Workplace, run: LiveRun): Promise<Renewal> {
  const answer = await askCredential(place, run, () => Promise.resolve(!run.signal.aborted));
  if (answer.ok) return { ok: true, upstream: upstreamOf(answer.value, place) };
  const { retryable, message } = answer.error;
  return { ok: false, retryable, message: `The model's key is refused: ${message}` };
}

/** A runner that may not have the key calls the town, with a pass of the run. */
export function upstreamOf(
  { baseUrl, apiKey, viaTown = false }: ModelCredential,
  { townUrl }: Pick<Workplace, "townUrl">,
): ModelUpstream {
  const address = viaTown ? new URL(baseUrl, townUrl).href : baseUrl;
  return { baseUrl: address, apiKey: apiKey ?? "", viaTown };
}

async function askCredential(
  place: Workplace,
  run: LiveRun,
  mayAsk: () => Promise<boolean>,
): Promise<Ack<ModelCredential>> {
  const { runId, fence } = run.spec;
  for (let attempt = 1; ; attempt++) {
    if (!(await mayAsk()))
      return refuse("stale_fence", "The run was stopped before it got its model's key.");
    const answer = await place.town.credential({ runId, fence, want: "model" });
    if (answer.ok || !answer.error.retryable || attempt >= CREDENTIAL_ATTEMPTS_MAX) return answer;
    const backOff = { firstMs: MODEL_RETRY_FIRST_MS, lastMs: MODEL_RETRY_LAST_MS };
    await sleep(place.clock, backOffMs(attempt, backOff, place.random.unit()), run.signal);
  }
}

/** Asked before every model call: a run that may no longer act may no longer spend. */
export function admitCall(place: Workplace, run: LiveRun): Admission {
  if (run.signal.aborted || place.book.tombstone(run.spec.runId) !== null) {
    return {
      ok: false,
      code: "stale_fence",
      message: "This run was stopped; it may not call the model any more.",
      status: 403,
    };
  }
  if (place.lease.ageMs > run.spec.limits.cutOffMs) {
    return {
      ok: false,
      code: "cut_off",
      message: "This runner was cut off from its town for too long.",
      status: 403,
    };
  }
  return { ok: true };
}

/** Tells what one finished call used. */
export function tellUsage(run: LiveRun, record: ModelCallRecord): void {
  const { model, costUsd } = record;
  // A provider's figures need not be whole.
  const tokens = {
    inputTokens: Math.round(record.inputTokens),
    outputTokens: Math.round(record.outputTokens),
    reasoningTokens: Math.round(record.reasoningTokens),
    cacheReadTokens: Math.round(record.cacheReadTokens),
    cacheWriteTokens: Math.round(record.cacheWriteTokens),
  };
  const durationMs = Math.max(0, record.durationMs);
  run.fact({ kind: "usage", model, ...tokens, costUsd, durationMs, status: 200 });
  const { inputTokens, outputTokens } = tokens;
  run.event({ kind: "usage", model, inputTokens, outputTokens, costUsd });
}
