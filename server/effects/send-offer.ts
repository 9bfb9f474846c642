import { errorText, type Sending, type Sent } from "./executor.ts";

/** Natural key: the run id. The runner answers a repeated offer as it answered the first. */
export async function sendOffer({
  port,
  owed,
  run,
  connection,
  acceptByMs,
}: Sending): Promise<Sent> {
  const ack = await port.offer(owed.runnerId, {
    connection,
    offerSeq: run.offerSeq,
    acceptByMs,
    spec: run.spec,
  });
  if (!ack.ok) return { done: false, error: errorText(ack) };
  const answer = ack.value;
  if (answer.accepted) {
    return { done: true, apply: (tx, writes) => writes.advanceRun(tx, run.id, "accepted", null) };
  }
  return {
    done: true,
    apply: (tx, writes) =>
      void writes.endRun(tx, run.id, "rejected", {
        code: answer.code,
        message: answer.message,
        source: "runner",
      }),
  };
}
