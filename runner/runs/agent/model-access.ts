/** A run's access to its model: the credential it is given, whether it may call now, what its calls cost. */
import { refuse, type Ack } from "../../../protocol/error.ts";
import type { ModelCredential } from "../../../protocol/runner-frames.ts";
import type { Admission, ModelCallRecord } from "../../agents/gateway.ts";
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
  const { runId, fence } = run.spec;
  for (let attempt = 1; ; attempt++) {
    // A run that leaves its runner may finish what it writes, but it begins nothing.
    if (run.signal.aborted || !(await run.authority()))
      return refuse("stale_fence", "The run was stopped before its agent started.");
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
