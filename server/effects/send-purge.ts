import { purgeFrameSchema } from "../../protocol/index.ts";
import type { RunnerPort } from "../core.ts";
import { errorText, type Owed, type Sent } from "./sending.ts";

/** A repository that does not answer by then, some minutes later, will not. */
const TRIES_MAX = 40;

/** As it is stored with the order. */
const orderSchema = purgeFrameSchema.omit({ connection: true, final: true });

/** Natural key: the rig and the runner. A runner that has nothing of the rig any more says the same. */
export async function sendPurge(
  { port }: { port: RunnerPort },
  owed: Owed,
  connection: number,
): Promise<Sent> {
  const order = orderSchema.parse(JSON.parse(owed.argument));
  const ack = await port.purge(owed.runnerId, {
    ...{ connection, ...order },
    final: owed.attempts >= TRIES_MAX,
  });
  if (!ack.ok) return { done: false, error: errorText(ack) };
  const { kept } = ack.value;
  return {
    done: true,
    apply: (tx, writes) => {
      writes.purgeDone(tx, order.rigId, owed.runnerId);
      if (kept.length > 0) writes.tellKept(tx, owed.runnerId, order, kept);
    },
  };
}
