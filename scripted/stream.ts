import type { PacedChunk } from "./dialects/dialect.ts";
import type { Fault } from "./script.ts";

const ENCODER = new TextEncoder();
/** Lets what was said reach the client before the connection breaks. */
const CUT_AFTER_MS = 20;

export interface StreamOptions {
  readonly chunks: Iterable<PacedChunk>;
  /** Sent after the last of them. */
  readonly end: string;
  readonly fault: Fault | null;
  /** Aborts when the server stops. */
  readonly stopped: AbortSignal;
}

/** Server-sent events of `chunks`, with the pauses and the faults that concern the stream. */
export function eventStream({
  chunks,
  end,
  fault,
  stopped,
}: StreamOptions): ReadableStream<Uint8Array> {
  const hangUp = new AbortController();
  const over = AbortSignal.any([stopped, hangUp.signal]);
  return new ReadableStream<Uint8Array>({
    async start(controller) {
      const sent = await sendAll(controller, chunks, fault, over);
      if (over.aborted) return;
      // Without a reason: Bun resets the connection all the same, and prints nothing.
      if (sent === "broken") return controller.error();
      if (end !== "") controller.enqueue(ENCODER.encode(end));
      controller.close();
    },
    cancel() {
      hangUp.abort();
    },
  });
}

async function sendAll(
  controller: ReadableStreamDefaultController<Uint8Array>,
  chunks: Iterable<PacedChunk>,
  fault: Fault | null,
  over: AbortSignal,
): Promise<"complete" | "broken"> {
  let saidChars = 0;
  for (const chunk of chunks) {
    await pause(chunk.waitMs, over);
    if (over.aborted) return "broken";
    if (fault?.kind === "silence" && !chunk.isText) {
      await pause(fault.forMs ?? Number.POSITIVE_INFINITY, over);
      return "broken";
    }
    if (fault?.kind === "cut_stream" && (saidChars > fault.afterChars || !chunk.isText)) {
      await pause(CUT_AFTER_MS, over);
      return "broken";
    }
    const name = chunk.event === undefined ? "" : `event: ${chunk.event}\n`;
    controller.enqueue(ENCODER.encode(`${name}data: ${JSON.stringify(chunk.json)}\n\n`));
    saidChars += chunk.chars;
  }
  return "complete";
}

/** Waits, or returns early when `signal` aborts. Infinity waits for that alone. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  if (durationMs <= 0 || signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = Number.isFinite(durationMs) ? setTimeout(resolve, durationMs) : undefined;
  const wake = () => resolve();
  signal.addEventListener("abort", wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
