import { errorText, type Sending, type Sent } from "./sending.ts";

/** Natural key: run and fence. A stop of a run that the runner does not hold is answered all the same. */
export async function sendStop({ port, owed, run, connection }: Sending): Promise<Sent> {
  const ack = await port.stop(owed.runnerId, {
    connection,
    runId: run.id,
    fence: { epoch: run.fenceEpoch, n: run.fenceN },
    outcome: run.stopOutcome ?? "stopped_by_town",
    reason: run.stopReason ?? "",
  });
  return ack.ok ? { done: true, apply: () => undefined } : { done: false, error: errorText(ack) };
}
