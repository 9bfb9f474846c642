/** Brings the spool's facts to the town over one connection, oldest first, one batch at a time. */
import { z } from "zod";
import { FACT_BATCH_MAX } from "../../protocol/limits.ts";
import { ACK_TIMEOUT_MS, FACT_BATCH_BYTES_MAX } from "../config.ts";
import type { Spool } from "../spool/spool.ts";
import { request, type TownLink } from "./transport.ts";

const ackedSchema = z.object({ ackedSeq: z.number().int().nonnegative() });

/**
 * Sends until the connection closes; a refusal closes it, so that all of it begins again.
 * @param onEmpty called whenever everything on disk is acknowledged
 */
export async function sendFacts(
  link: TownLink,
  spool: Spool,
  options: { connection: number; onEmpty: () => void },
): Promise<void> {
  let wake = Promise.withResolvers<void>();
  const stop = spool.onAppend(() => wake.resolve());
  void link.closed.then(() => wake.resolve());
  try {
    while (link.isOpen) {
      wake = Promise.withResolvers<void>();
      const facts = spool.pending(spool.ackedSeq, FACT_BATCH_MAX, FACT_BATCH_BYTES_MAX);
      if (facts.length === 0) {
        options.onEmpty();
        await wake.promise;
        continue;
      }
      const frame = { connection: options.connection, spoolEpoch: spool.epoch, facts };
      const answer = await request(link, "facts", frame, ackedSchema, ACK_TIMEOUT_MS);
      if (!answer.ok) {
        link.close(`facts were refused: ${answer.error.message}`);
        return;
      }
      const last = facts.at(-1)?.seq ?? 0;
      if (answer.value.ackedSeq < last) {
        link.close(`the town has stored facts up to ${answer.value.ackedSeq} of ${last} only`);
        return;
      }
      spool.ack(Math.min(answer.value.ackedSeq, spool.seq));
    }
  } finally {
    stop();
  }
}
