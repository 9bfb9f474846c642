/** One connection of a runner: hello first, then frames that carry the connection number hello was answered with. */
import type { z } from "zod";
import {
  credentialFrameSchema,
  factBatchSchema,
  heartbeatSchema,
  helloSchema,
  leavingFrameSchema,
  refuse,
  repositoryFrameSchema,
  secretsFrameSchema,
  terminalNewsSchema,
  snapshotGetFrameSchema,
  snapshotKeepFrameSchema,
  snapshotPutFrameSchema,
  toolFrameSchema,
  type Ack,
  type Hello,
  type RunnerRight,
  type TerminalNews,
} from "../../protocol/index.ts";
import type { Log, TownCore } from "../core.ts";
import type { RunnerLink, RunnerLinks } from "./runner-links.ts";

/** What a runner may send, with the shape of each frame. */
export const runnerFrames = {
  hello: helloSchema,
  facts: factBatchSchema,
  heartbeat: heartbeatSchema,
  tool: toolFrameSchema,
  credential: credentialFrameSchema,
  secrets: secretsFrameSchema,
  repository: repositoryFrameSchema,
  leaving: leavingFrameSchema,
  terminal: terminalNewsSchema,
  snapshot_put: snapshotPutFrameSchema,
  snapshot_keep: snapshotKeepFrameSchema,
  snapshot_get: snapshotGetFrameSchema,
} as const;
export type RunnerFrame = keyof typeof runnerFrames;
type FrameOf<E extends RunnerFrame> = z.output<(typeof runnerFrames)[E]>;

/** The core's answers to all frames but hello and what is told of terminals, by the frame's name. */
type Calls = Record<
  Exclude<RunnerFrame, "hello" | "terminal">,
  (id: string, frame: unknown) => Promise<Ack>
>;

/** What is to be done after the answer was sent. */
export type Then = (next: () => void) => void;

export interface ConnectionParts {
  core: TownCore;
  links: RunnerLinks;
  log: Log;
  /** The token that the connection was opened with. */
  tokenId: string;
  /** What it may be given now. */
  rights: () => readonly RunnerRight[];
  ask: RunnerLink["ask"];
  close: () => void;
}

export class RunnerConnection {
  readonly #parts: ConnectionParts;
  readonly #gone = new AbortController();
  #greeted = false;
  #link: RunnerLink | null = null;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** Whose connection it is; null before hello was answered. */
  get runnerId(): string | null {
    return this.#link?.runnerId ?? null;
  }

  /** Answers a frame that has been parsed by `runnerFrames`. */
  async take<E extends RunnerFrame>(event: E, frame: FrameOf<E>, then: Then): Promise<Ack> {
    if (event === "hello") return this.#hello(frame as Hello, then);
    const { core, links } = this.#parts;
    const link = this.#link;
    const { connection } = frame as { connection: number };
    if (link === null || !links.isLive(link) || link.connection !== connection) {
      const why = "This connection was replaced or never said hello. Connect again and say hello.";
      return this.#closing(then, why);
    }
    if (event === "terminal") return links.terminalNews(link.runnerId, frame as TerminalNews);
    const calls: unknown = core;
    return (calls as Calls)[event as Exclude<E, "hello" | "terminal">](link.runnerId, frame);
  }

  /** The connection is gone. */
  gone(reason: string): void {
    this.#gone.abort();
    const { core, links, log } = this.#parts;
    const link = this.#link;
    if (link === null || !links.remove(link)) return;
    log.info({ runner: link.runnerId, connection: link.connection, reason }, "runner disconnected");
    core.runnerGone(link.runnerId, link.connection);
  }

  async #hello(frame: Hello, then: Then): Promise<Ack> {
    if (this.#greeted) return this.#closing(then, "A connection says hello once. Connect again.");
    this.#greeted = true;
    const { core, links, log, tokenId, rights, ask, close } = this.#parts;
    const welcome = await core.hello(frame, tokenId, rights());
    if (!welcome.ok) return welcome;
    const { runnerId, connection } = welcome.value;
    const link = { runnerId, connection, gone: this.#gone.signal, ask, close };
    if (this.#gone.signal.aborted || !links.add(link)) {
      core.runnerGone(runnerId, connection);
      return this.#closing(then, "A newer connection of this runner is open.");
    }
    this.#link = link;
    log.info({ runner: runnerId, connection }, "runner connected");
    return welcome;
  }

  #closing(then: Then, message: string): Ack<never> {
    then(this.#parts.close);
    return refuse("stale_connection", message, { retryable: true });
  }
}
