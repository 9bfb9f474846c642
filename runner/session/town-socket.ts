/** The transport on sockets. The library's own reconnection, buffering and recovery are off. */
import { io, type Socket } from "socket.io-client";
import {
  errorBodySchema,
  refuse,
  PROTOCOL_VERSION,
  type Ack,
  type ErrorBody,
  type Result,
} from "../../protocol/index.ts";
import { CONNECT_TIMEOUT_MS } from "../config.ts";
import type { Membership, Proof } from "../membership/membership.ts";
import {
  DOWN_EVENTS,
  type Asked,
  type FrameListener,
  type FrameListeners,
  type TownLink,
  type Transport,
  type UpEvent,
} from "./transport.ts";

export interface TownAddress {
  townUrl: string;
  /** Exchanged once for the key of the membership; null when that was done before. */
  token: string | null;
  membership: Membership;
  /** Name and version of this program, for the town's log. */
  client: string;
}

export function socketTransport(address: TownAddress): Transport {
  return { open: (listeners, signal) => openAsMember(address, listeners, signal) };
}

/** A town that does not know the key may take the token: its data was put back to before the exchange, or it is another. */
async function openAsMember(
  address: TownAddress,
  listeners: FrameListeners,
  signal: AbortSignal,
): Promise<Result<TownLink>> {
  const { membership, townUrl, token } = address;
  const attempt = async (): Promise<Result<TownLink>> => {
    const proof = await membership.prove(townUrl, signal);
    return proof.ok ? openSocket(address, proof.value, listeners, signal) : proof;
  };
  if (membership.hasJoined) {
    const opened = await attempt();
    if (opened.ok || opened.error.code !== "unauthenticated" || token === null) return opened;
  }
  if (token === null)
    return refuse("unauthenticated", "This runner has not joined yet: start it with a token.");
  const joined = await membership.join(townUrl, token, signal);
  return joined.ok ? attempt() : joined;
}

class TownSocket implements TownLink {
  readonly closed: Promise<string>;
  readonly #socket: Socket;
  readonly #close: (reason: string) => void;
  /** Those who wait for an answer. A race against `closed` would keep every answer as long as the connection. */
  readonly #asking = new Set<(asked: Asked) => void>();
  #open = true;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    this.#close = (reason) => {
      if (!this.#open) return;
      this.#open = false;
      socket.disconnect();
      for (const answer of this.#asking) answer({ kind: "gone" });
      resolve(reason);
    };
    socket.on("disconnect", (reason) => this.#close(reason));
  }

  get isOpen(): boolean {
    return this.#open;
  }

  async ask(event: UpEvent, frame: object, timeoutMs: number): Promise<Asked> {
    if (!this.#open || !this.#socket.connected) return { kind: "gone" };
    const { promise, resolve, reject } = Promise.withResolvers<Asked>();
    this.#asking.add(resolve);
    this.#emit(event, frame, timeoutMs).then(resolve, reject);
    try {
      return await promise;
    } finally {
      this.#asking.delete(resolve);
    }
  }

  close(reason: string): void {
    this.#close(reason);
  }

  async #emit(event: UpEvent, frame: object, timeoutMs: number): Promise<Asked> {
    try {
      const value: unknown = await this.#socket.timeout(timeoutMs).emitWithAck(event, frame);
      return { kind: "answered", value };
    } catch (error) {
      // The library rejects for two reasons: no acknowledgement in time, and a connection that ended.
      if (error instanceof Error) return { kind: this.#open ? "late" : "gone" };
      throw error;
    }
  }
}

async function openSocket(
  address: TownAddress,
  proof: Proof,
  listeners: FrameListeners,
  signal: AbortSignal,
): Promise<Result<TownLink>> {
  const socket: Socket = io(new URL("/runner", address.townUrl).href, {
    autoConnect: false,
    forceNew: true,
    reconnection: false,
    retries: 0,
    timeout: CONNECT_TIMEOUT_MS,
    transports: ["websocket"],
    auth: { version: PROTOCOL_VERSION, client: address.client, ...proof },
  });
  const { promise, resolve } = Promise.withResolvers<Result<TownLink>>();
  const abort = () => resolve(refuse("offline", "The runner is stopping.", { retryable: true }));
  signal.addEventListener("abort", abort, { once: true });
  socket.once("connect", () => resolve({ ok: true, value: new TownSocket(socket) }));
  socket.once("connect_error", (error) => resolve({ ok: false, error: refusalIn(error) }));
  for (const event of DOWN_EVENTS) {
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

async function answerFrame(
  listener: FrameListener,
  frame: unknown,
  ack: (answer: Ack) => void,
): Promise<void> {
  ack(await listener(frame));
}

/** A refused handshake carries the town's error; anything else is a town that cannot be reached. */
function refusalIn(error: Error): ErrorBody {
  const parsed = errorBodySchema.safeParse("data" in error ? error.data : null);
  if (parsed.success) return parsed.data;
  return refuse("offline", `The town cannot be reached: ${error.message}.`, { retryable: true })
    .error;
}
