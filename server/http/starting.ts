import { refuse, type Ack } from "../../protocol/index.ts";

/** What is answered before the town is open. */
export function starting(): Ack<never> {
  return refuse("busy", "The town is starting. Try again.", {
    retryable: true,
    minBackoffMs: 500,
  });
}
