/** A program's connection to a running town: the same socket and messages as the page's. */
import type { z } from "zod";
import { io, type Socket } from "socket.io-client";
import {
  errorBodySchema,
  FRAME_BYTES_MAX,
  PROTOCOL_VERSION,
  refuse,
  type Ack,
  type CommandInput,
  type CommandName,
  type CommandValue,
  TERMINAL_INPUT_BYTES_MAX,
  type FeedPosition,
  type TerminalFrame,
  type TerminalOpened,
  type terminalOpenSchema,
  type TerminalSize,
  type TopicFrame,
} from "../protocol/index.ts";
import { Complaint } from "./complaint.ts";
import { readTownFile } from "./town-file.ts";
import { appVersion } from "./version.ts";

const CONNECT_TIMEOUT_MS = 10_000;
/** A query of the model or of a runner may take its own deadline on the other side. */
const ANSWER_TIMEOUT_MS = 120_000;

/** A terminal that is open on this connection. */
export interface AttachedTerminal {
  runId: string;
  /** The connection has ended. */
  gone: Promise<void>;
  input(data: Uint8Array): void;
  resize(size: TerminalSize): void;
}
interface TerminalLine {
  /** @throws Complaint with the town's sentence when it is refused */
  open(wish: z.input<typeof terminalOpenSchema>): Promise<AttachedTerminal>;
}

export class TownClient {
  readonly #socket: Socket;
  readonly url: string;

  private constructor(url: string, socket: Socket) {
    this.url = url;
    this.#socket = socket;
  }

  /** @throws Complaint when the town does not answer or refuses */
  static async connect(address: { url: string; token: string }): Promise<TownClient> {
    const socket = io(address.url, {
      auth: {
        version: PROTOCOL_VERSION,
        client: `gastown-cli ${appVersion}`,
        token: address.token,
      },
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
    });
    const opened = Promise.withResolvers<void>();
    socket.once("connect", opened.resolve);
    socket.once("connect_error", (error) => opened.reject(whyRefused(address.url, error)));
    try {
      await opened.promise;
    } catch (error) {
      socket.close();
      throw error;
    }
    return new TownClient(address.url, socket);
  }

  /** Sends a command and answers its acknowledgement, whatever it is. */
  async ask(name: string, body: unknown, key?: string): Promise<Ack> {
    const frame = { name, body, ...(key === undefined ? {} : { key }) };
    if (Buffer.byteLength(JSON.stringify(frame)) > FRAME_BYTES_MAX - 1024) {
      return refuse(
        "too_large",
        `A command may have ${FRAME_BYTES_MAX / 1024} KiB at most. Send less.`,
      );
    }
    return (await this.#emit("command", frame)) as Ack;
  }

  /**
   * Sends a command and answers its value.
   * @throws Complaint with the town's sentence when it is refused
   */
  async call<N extends CommandName>(name: N, body: CommandInput<N>): Promise<CommandValue<N>> {
    const ack = await this.ask(name, body, `cli-${crypto.randomUUID()}`);
    if (!ack.ok) throw new Complaint(ack.error.message);
    return ack.value as CommandValue<N>;
  }

  /** Follows a topic: every frame, the first ones being its state. Resolves when the connection ends. */
  async follow(
    topic: string,
    since: FeedPosition | undefined,
    onFrame: (frame: TopicFrame) => void,
  ): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#socket.once("disconnect", () => resolve()));
    const early: TopicFrame[] = [];
    let take = (frame: TopicFrame): void => {
      early.push(frame);
    };
    this.#socket.on("changes", (frame: TopicFrame) => {
      if (frame.topic === topic) take(frame);
    });
    const ack = (await this.#emit("subscribe", {
      topic,
      ...(since === undefined ? {} : { since }),
    })) as Ack<TopicFrame>;
    if (!ack.ok) throw new Complaint(ack.error.message);
    onFrame(ack.value);
    for (const frame of early) onFrame(frame);
    take = onFrame;
    await ended;
  }

  /** Terminals of this connection: every frame goes to `show`, which calls `drawn` when it is drawn. */
  terminal(show: (frame: TerminalFrame, drawn: () => void) => void): TerminalLine {
    const gone = new Promise<void>((resolve) => this.#socket.once("disconnect", () => resolve()));
    return {
      open: async (wish) => {
        // Its first frames may come before the answer.
        this.#socket.on("terminal", show);
        const ack = (await this.#emit("terminal.open", wish)) as Ack<TerminalOpened>;
        if (!ack.ok) throw new Complaint(ack.error.message);
        const { terminal, runId } = ack.value;
        const tell = (event: string, body: object) =>
          void this.#socket.emit(event, { terminal, ...body }, () => undefined);
        return {
          runId,
          gone,
          input(data) {
            for (let at = 0; at < data.byteLength; at += TERMINAL_INPUT_BYTES_MAX)
              tell("terminal.input", { data: data.subarray(at, at + TERMINAL_INPUT_BYTES_MAX) });
          },
          resize: ({ cols, rows }) => tell("terminal.resize", { cols, rows }),
        };
      },
    };
  }

  close(): void {
    this.#socket.close();
  }

  async #emit(event: string, frame: unknown): Promise<unknown> {
    const gone = Promise.withResolvers<never>();
    const tell = () =>
      gone.reject(new Complaint("The town closed the connection before it answered."));
    this.#socket.once("disconnect", tell);
    const late = new Complaint(
      `The town did not answer within ${ANSWER_TIMEOUT_MS / 1000} seconds.`,
    );
    const answer = this.#socket
      .timeout(ANSWER_TIMEOUT_MS)
      .emitWithAck(event, frame)
      .catch(() => Promise.reject(late));
    try {
      return await Promise.race([answer, gone.promise]);
    } finally {
      this.#socket.off("disconnect", tell);
    }
  }
}

/** Connects to the town of a data directory, asks, and closes. */
export async function withTown<T>(
  dataDir: string,
  act: (town: TownClient) => Promise<T>,
): Promise<T> {
  const town = await TownClient.connect(readTownFile(dataDir));
  try {
    return await act(town);
  } finally {
    town.close();
  }
}

function whyRefused(url: string, error: Error): Complaint {
  const body = errorBodySchema.safeParse("data" in error ? error.data : undefined);
  if (body.success) return new Complaint(body.data.message);
  return new Complaint(`The town at ${url} does not answer. Start it with \`gastown up\`.`);
}
