/**
 * One connection to the town: opened once, closed once, never repaired. The library's own
 * reconnection, buffering and recovery are off; the spool is the only replay.
 */
import { io, type Socket } from "socket.io-client";
import type { z } from "zod";
import {
  ackSchema,
  errorBodySchema,
  FRAME_BYTES_MAX,
  refuse,
  PROTOCOL_VERSION,
  type Ack,
  type ErrorBody,
  type Result,
} from "../../protocol/index.ts";
import { CONNECT_TIMEOUT_MS } from "../config.ts";

export interface TownAddress {
  townUrl: string;
  token: string;
  /** Name and version of this program, for the town's log. */
  client: string;
}

export type UpEvent = "hello" | "facts" | "heartbeat" | "tool" | "credential";
export type DownEvent = "offer" | "stop" | "turn" | "diff";
/** Answers a frame of the town. Its argument is not yet parsed. */
export type FrameListener = (frame: unknown) => Promise<Ack>;

export class TownSocket {
  /** Resolves once with the reason, when the connection is gone. */
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #close: (reason: string) => void;
  #open = true;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#close = (reason) => {
      if (!this.#open) return;
      this.#open = false;
      socket.disconnect();
      resolve(reason);
    };
    socket.on("disconnect", (reason) => this.#close(reason));
  }

  /**
   * Opens a connection. Errors: what the town refused it with, else `offline` (retryable).
   * `listeners` are in place before the first frame can arrive.
   */
  static async open(
    address: TownAddress,
    listeners: Readonly<Record<DownEvent, FrameListener>>,
    signal: AbortSignal,
  ): Promise<Result<TownSocket>> {
    const socket: Socket = io(new URL("/runner", address.townUrl).href, {
      autoConnect: false,
      forceNew: true,
      reconnection: false,
      retries: 0,
      timeout: CONNECT_TIMEOUT_MS,
      transports: ["websocket"],
      auth: { version: PROTOCOL_VERSION, client: address.client, token: address.token },
    });
    const { promise, resolve } = Promise.withResolvers<Result<TownSocket>>();
    const abort = () => resolve(refuse("offline", "The runner is stopping.", { retryable: true }));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("connect", () => resolve({ ok: true, value: new TownSocket(socket) }));
    socket.once("connect_error", (error) => resolve({ ok: false, error: refusalIn(error) }));
    for (const event of ["offer", "stop", "turn", "diff"] as const) {
      socket.on(event, (frame: unknown, ack: unknown) => {
        if (typeof ack === "function")
          void answerFrame(listeners[event], frame, (answer) =>
            Reflect.apply(ack, undefined, [answer]),
          );
      });
    }
    if (!signal.aborted) socket.connect();
    else abort();
    const opened = await promise;
    signal.removeEventListener("abort", abort);
    if (!opened.ok) socket.disconnect();
    return opened;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Sends a frame and waits for its answer, parsed by `value`. Errors: the town's, or `offline`,
   * `deadline`, `too_large`, `internal` (an answer that does not fit).
   */
  async request<V extends z.ZodType>(
    event: UpEvent,
    frame: object,
    value: V,
    timeoutMs: number,
  ): Promise<Ack<z.output<V>>> {
    if (!this.#open || !this.#socket.connected) return offline();
    if (Buffer.byteLength(JSON.stringify(frame)) > FRAME_BYTES_MAX) {
      return refuse(
        "too_large",
        `What the runner has to say (${event}) is larger than ${FRAME_BYTES_MAX / 1024} KiB.`,
      );
    }
    const answer = await Promise.race([
      this.#emit(event, frame, timeoutMs),
      this.closed.then(() => null),
    ]);
    if (answer === null) return offline();
    if (answer === "late")
      return refuse("deadline", "The town did not answer in time. Try again.", { retryable: true });
    const parsed = ackSchema(value).safeParse(answer.value);
    if (!parsed.success)
      return refuse("internal", `The town's answer to ${event} does not fit the protocol.`);
    return parsed.data as Ack<z.output<V>>;
  }

  /** Closes it whole. Safe to call twice. */
  close(reason: string): void {
    this.#close(reason);
  }

  async #emit(
    event: UpEvent,
    frame: object,
    timeoutMs: number,
  ): Promise<{ value: unknown } | "late"> {
    try {
      const value: unknown = await this.#socket.timeout(timeoutMs).emitWithAck(event, frame);
      return { value };
    } catch (error) {
      // The library rejects for one reason only: no acknowledgement in time.
      if (error instanceof Error) return "late";
      throw error;
    }
  }
}

async function answerFrame(
  listener: FrameListener,
  frame: unknown,
  ack: (answer: Ack) => void,
): Promise<void> {
  ack(await listener(frame));
}

function offline(): { ok: false; error: ErrorBody } {
  return refuse("offline", "The town cannot be reached now. Try again.", { retryable: true });
}

/** A refused handshake carries the town's error; anything else is a town that cannot be reached. */
function refusalIn(error: Error): ErrorBody {
  const parsed = errorBodySchema.safeParse("data" in error ? error.data : null);
  if (parsed.success) return parsed.data;
  return refuse("offline", `The town cannot be reached: ${error.message}.`, { retryable: true })
    .error;
}
