import { errorText, type Sending, type Sent } from "./sending.ts";

/** Natural key: the run id. The runner answers a repeated offer as it answered the first. */
export async function sendOffer(sending: Sending): Promise<Sent> {
  const { port, owed, run, connection, acceptByMs } = sending;
  const { offerSeq, spec } = run;
  const ack = await port.offer(owed.runnerId, { connection, offerSeq, acceptByMs, spec });
  if (!ack.ok) {
    if (ack.error.retryable) return { done: false, error: errorText(ack) };
    const { code, message } = ack.error;
    return refused(run.id, "rejected", code, message, "town");
  }
  const answer = ack.value;
  if (answer.accepted) {
    return { done: true, apply: (tx, writes) => writes.advanceRun(tx, run.id, "accepted", null) };
  }
  const { code, message } = answer;
  // A stop order may overtake the offer: then the run ends as that order says.
  const outcome = code === "stopped" ? (run.stopOutcome ?? "rejected") : "rejected";
  const answered = refused(run.id, outcome, code, message, "runner");
  if (code !== "draining") return answered;
  // One that could not say so before: nothing more is offered to it.
  return {
    done: true,
    apply: (tx, writes) => {
      writes.markLeaving(tx, owed.runnerId);
      answered.apply(tx, writes);
    },
  };
}

function refused(
  runId: string,
  outcome: "rejected" | "stopped_by_town" | "stopped_by_person" | "evicted",
  code: string,
  message: string,
  source: string,
): Extract<Sent, { done: true }> {
  return {
    done: true,
    apply: (tx, writes) => void writes.endRun(tx, runId, outcome, { code, message, source }),
  };
}
