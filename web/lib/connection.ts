/** The one socket to the town: hello, commands, topics and streams over it, and a truthful state. */
import { io, type Socket } from "socket.io-client";
import {
  type Ack,
  type CommandInput,
  type CommandName,
  type CommandValue,
  PROTOCOL_VERSION,
  type Result,
  refuse,
  streamFrameSchema,
  topicFrameSchema,
  type TopicFrame,
  type UserDownEvents,
  type UserUpEvents,
  type Welcome,
  welcomeSchema,
} from "../../protocol/index.ts";
import { SECRET_HEADER } from "./login.ts";
import type { Ports } from "./ports.ts";
import { StreamHub } from "./stream-hub.ts";
import { TopicHub } from "./topic-hub.ts";

export type ConnectionState =
  | { phase: "connecting" }
  | { phase: "online"; welcome: Welcome | null }
  | { phase: "offline"; sinceAt: number }
  | { phase: "refused"; code: string; message: string };

/** How long a command may stay unanswered. Tests of a model are allowed longer by their callers. */
const ANSWER_MS = 30_000;
const SERVER_CLOSED_RETRY_MS = 1_500;

type TownSocket = Socket<UserDownEvents, UserUpEvents>;

export class Connection {
  readonly topics: TopicHub;
  readonly streams: StreamHub;
  readonly #socket: TownSocket;
  readonly #ports: Ports;
  readonly #secret: string;
  readonly #listeners = new Set<() => void>();
  #state: ConnectionState = { phase: "connecting" };

  constructor(secret: string, ports: Ports) {
    this.#ports = ports;
    this.#secret = secret;
    this.#socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      autoConnect: false,
      reconnectionDelay: 400,
      reconnectionDelayMax: 4_000,
      auth: { version: PROTOCOL_VERSION, client: "web", secret },
    });
    this.topics = new TopicHub(
      {
        subscribe: (frame) => this.#ask<TopicFrame>("subscribe", frame),
        unsubscribe: (topic) => void this.#ask("unsubscribe", { topic }),
      },
      ports,
    );
    this.streams = new StreamHub({
      open: (frame) => this.#ask("stream.open", frame),
      close: (stream) => void this.#ask("stream.close", { stream }),
    });
    this.#listen();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  onState(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  open(): void {
    this.#socket.connect();
  }

  /** Tries at once, e.g. when a laptop woke up. */
  wake(): void {
    if (this.#state.phase === "offline" && !this.#socket.connected) this.#socket.connect();
  }

  close(): void {
    this.#socket.disconnect();
  }

  /**
   * Sends a command or query. A command whose answer was lost with the connection is sent again
   * with the same key, so that it happens once.
   */
  async call<N extends CommandName>(
    name: N,
    body: CommandInput<N>,
    answerMs = ANSWER_MS,
  ): Promise<Result<CommandValue<N>>> {
    const frame = { name, body, key: this.#ports.newKey() };
    const answer = await this.#ask<CommandValue<N>>("command", frame, answerMs);
    if (answer.ok || answer.error.code !== "offline" || !answer.error.details?.["sent"])
      return answer;
    await this.#untilOnline(ANSWER_MS);
    return this.#ask<CommandValue<N>>("command", frame, answerMs);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("connect", () => {
      this.#set({ phase: "online", welcome: null });
      this.topics.connected();
      this.streams.connected();
    });
    socket.on("welcome", (welcome) => {
      const parsed = welcomeSchema.safeParse(welcome);
      if (parsed.success) this.#set({ phase: "online", welcome: parsed.data });
    });
    socket.on("changes", (frame) => {
      const parsed = topicFrameSchema.safeParse(frame);
      if (parsed.success) this.topics.receive(parsed.data as TopicFrame);
    });
    socket.on("stream", (frame) => {
      const parsed = streamFrameSchema.safeParse(frame);
      if (parsed.success) this.streams.receive(parsed.data);
    });
    socket.on("disconnect", (reason) => {
      this.#offline();
      if (reason === "io server disconnect") {
        this.#ports.later(SERVER_CLOSED_RETRY_MS, () => socket.connect());
      }
    });
    socket.on("connect_error", (error) => void this.#connectFailed(error));
  }

  #offline(): void {
    this.topics.disconnected();
    this.streams.disconnected();
    if (this.#state.phase !== "offline")
      this.#set({ phase: "offline", sinceAt: this.#ports.now() });
  }

  async #connectFailed(error: Error): Promise<void> {
    this.#offline();
    const refusal = "data" in error ? error.data : undefined;
    if (refusal !== null && typeof refusal === "object" && "code" in refusal) {
      this.#refused(
        String(refusal.code),
        "message" in refusal ? String(refusal.message) : error.message,
      );
      return;
    }
    // A refused handshake and a town that is down look the same over a WebSocket: HTTP tells them apart.
    const response = await fetch("/api/v1/town.status", {
      method: "POST",
      headers: { "content-type": "application/json", [SECRET_HEADER]: this.#secret },
      body: "{}",
      credentials: "same-origin",
    }).catch(() => null);
    if (response?.status === 401) this.#refused("unauthenticated", "This login has ended.");
  }

  #refused(code: string, message: string): void {
    if (code === "unauthenticated" || code === "protocol_version" || code === "forbidden") {
      this.#socket.disconnect();
      this.#set({ phase: "refused", code, message });
    } else if (!this.#socket.active) {
      this.#ports.later(SERVER_CLOSED_RETRY_MS, () => this.#socket.connect());
    }
  }

  async #ask<V>(
    event: keyof UserUpEvents,
    frame: unknown,
    answerMs = ANSWER_MS,
  ): Promise<Result<V>> {
    if (!this.#socket.connected) {
      return refuse(
        "offline",
        "Not connected to the town; nothing was sent. Try again once it is back.",
        {
          retryable: true,
        },
      );
    }
    try {
      const answer: Ack = await this.#socket.timeout(answerMs).emitWithAck(event, frame);
      return answer as Result<V>;
    } catch (cause) {
      if (this.#socket.connected) {
        return refuse(
          "deadline",
          `The town did not answer within ${answerMs / 1000} s. Look at its state before you try again.`,
          {
            retryable: true,
          },
        );
      }
      const why = cause instanceof Error ? cause.message : String(cause);
      return refuse("offline", `The connection broke before an answer came (${why}).`, {
        retryable: true,
        details: { sent: true },
      });
    }
  }

  #untilOnline(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.connected) return resolve();
      const cancel = this.#ports.later(limitMs, () => {
        stop();
        resolve();
      });
      const stop = this.onState(() => {
        if (this.#state.phase !== "online") return;
        cancel();
        stop();
        resolve();
      });
    });
  }

  #set(state: ConnectionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
