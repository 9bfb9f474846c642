/**
 * The one place where frames of a socket are parsed. A frame that does not fit gets a typed error and
 * changes nothing; too many of them end the connection.
 */
import type { z } from "zod";
import { IN_FLIGHT_MAX, refuse, type Ack } from "../../protocol/index.ts";
import type { Log } from "../core.ts";
import { storageRefusal } from "../loop/storage-refusal.ts";

/** Bad frames of one connection before it is closed. */
const STRIKES_MAX = 20;

/** What receiving needs of a Socket.IO socket. */
export interface ReceivingSocket {
  id: string;
  on(event: string, listener: (...parts: unknown[]) => void): unknown;
  onAny(listener: (event: string, ...parts: unknown[]) => void): unknown;
  disconnect(close: boolean): unknown;
}

export interface Receiver {
  /** Parses each frame of `event` and acknowledges what `answer` returns. What it gives `then` runs after that. */
  on<S extends z.ZodType>(event: string, schema: S, answer: Answer<z.output<S>>): void;
}
type Answer<F> = (frame: F, then: (next: () => void) => void) => Ack | Promise<Ack>;

/** Begins to receive on a socket. Events that no `on` names count as bad frames. */
export function receiveOn(socket: ReceivingSocket, log: Log): Receiver {
  const state = { strikes: 0, inFlight: 0, known: new Set<string>() };
  const strike = (event: string, why: string) => {
    state.strikes += 1;
    if (state.strikes < STRIKES_MAX) return;
    log.warn({ socket: socket.id, event, why }, "too many bad frames, closing the connection");
    socket.disconnect(true);
  };
  socket.onAny((event) => {
    if (!state.known.has(event)) strike(event.slice(0, 60), "unknown event");
  });
  return {
    on(event, schema, answer) {
      state.known.add(event);
      socket.on(event, (...parts) => {
        const ack = parts.at(-1);
        const reply = typeof ack === "function" ? (value: Ack) => void ack(value) : () => undefined;
        const parsed = schema.safeParse(parts[0]);
        if (typeof ack !== "function" || !parsed.success) {
          const why = parsed.success
            ? "it asks for no acknowledgement"
            : firstProblem(parsed.error);
          reply(refuse("invalid_body", `The frame ${event} is wrong: ${why}.`));
          strike(event, why);
          return;
        }
        if (state.inFlight >= IN_FLIGHT_MAX) {
          reply(
            refuse(
              "busy",
              `At most ${IN_FLIGHT_MAX} frames may wait for their answer. Wait for some.`,
              { retryable: true },
            ),
          );
          return;
        }
        state.inFlight += 1;
        void settle(answer, parsed.data, event, log).then(({ ack: value, next }) => {
          state.inFlight -= 1;
          reply(value);
          for (const step of next) step();
          return null;
        });
      });
    },
  };
}

/** A bug in an answer is logged whole and told as `internal`; it must not leave the asker waiting. */
export async function settle<F>(
  answer: Answer<F>,
  frame: F,
  event: string,
  log: Log,
): Promise<{ ack: Ack; next: (() => void)[] }> {
  const next: (() => void)[] = [];
  try {
    return { ack: await answer(frame, (step) => next.push(step)), next };
  } catch (error) {
    const refusal = storageRefusal(error);
    if (refusal !== null) return { ack: refusal, next: [] };
    const stack = error instanceof Error ? error.stack : undefined;
    log.error({ event, error: String(error), stack }, "frame failed");
    return {
      ack: refuse("internal", "The town failed on this frame. Its log has the details."),
      next: [],
    };
  }
}

/** The first thing wrong with a frame, in a few words. */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return "it does not fit";
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}
