import { perform } from "./operations.ts";
import type { Workshop } from "./workshop.ts";
import type { JournalEntry, JournalPort } from "./journal.ts";
import type { LandingResult } from "./outcome.ts";
import type { LandingRequest } from "./request.ts";
import type { Observation, Operation } from "./operation.ts";
import { step } from "./steps.ts";

/** Told of each operation before it begins: for progress shown to people, and for tests. */
export type LandingWatcher = (operation: Operation) => void;

/**
 * Lands one bead's work, or says why not. Every fact is on disk before what follows from it is done, so
 * the call may be repeated after any crash, by the next incarnation with the same journal or by a run
 * with a higher fence and a journal of its own: the bead lands exactly once. A retryable error leaves
 * the journal as it is; `target_keeps_moving` is tried again under a new fence.
 */
export async function land(
  shop: Workshop,
  request: LandingRequest,
  journalPort: JournalPort,
  watch?: LandingWatcher,
): Promise<LandingResult> {
  const journal: JournalEntry[] = [...(await journalPort.load())];
  let observation: Observation = { kind: "started" };
  for (;;) {
    const { entries, next } = step(request, journal, observation);
    for (const entry of entries) {
      await journalPort.append(entry);
      journal.push(entry);
    }
    watch?.(next);
    if (next.kind === "finish") return next.result;
    observation = await perform(shop, request, next);
  }
}
