/** The live connection of each runner, and the town's way to it: every call has a deadline and a typed end. */
import { z } from "zod";
import {
  ackSchema,
  browsedSchema,
  diffAnswerSchema,
  FRAME_BYTES_MAX,
  offerAnswerSchema,
  purgedSchema,
  refuse,
  type Ack,
  type TerminalNews,
  type TerminalOrder,
} from "../../protocol/index.ts";
import type { RunnerPort } from "../core.ts";

const STOP_DEADLINE_MS = 10_000;
const TURN_DEADLINE_MS = 10_000;
const DIFF_DEADLINE_MS = 30_000;
/** A repository may have to be fetched for the first time. */
const BROWSE_DEADLINE_MS = 50_000;
/** Work may be saved and copied first; what takes longer goes on, and is asked after again. */
const PURGE_DEADLINE_MS = 50_000;
const TERMINAL_DEADLINE_MS = 10_000;
/** Added to an offer's own time: the way there and back. */
const OFFER_SLACK_MS = 1_000;

type DownEvent =
  | "offer"
  | "stop"
  | "turn"
  | "mail"
  | "forget"
  | "purge"
  | "diff"
  | "browse"
  | "try_remote"
  | "terminal";

/** One connection of a runner. */
export interface RunnerLink {
  runnerId: string;
  connection: number;
  /** Sends a frame; the answer as it came, or a rejection when the deadline passes. */
  ask(event: DownEvent, frame: object, deadlineMs: number): Promise<unknown>;
  /** Aborted when the socket is gone. */
  gone: AbortSignal;
  close(): void;
}

/** The town's side of terminals. */
export interface TerminalSide {
  news: (runnerId: string, news: TerminalNews) => Promise<Ack<null>>;
  /** The runner's live connection has ended, or another has taken its place. */
  gone: (runnerId: string) => void;
}

export class RunnerLinks implements RunnerPort {
  readonly #links = new Map<string, RunnerLink>();
  #onNews: TerminalSide["news"] = () => Promise.resolve(refuse("not_found", "Nobody looks."));
  #onGone: TerminalSide["gone"] = () => undefined;

  /** Makes this the runner's connection and closes an older one; false when a newer one is there already. */
  add(link: RunnerLink): boolean {
    const other = this.#links.get(link.runnerId);
    if (other !== undefined && other.connection > link.connection) return false;
    this.#links.set(link.runnerId, link);
    if (other !== undefined) this.#onGone(link.runnerId);
    other?.close();
    return true;
  }

  /** Forgets a connection; false when it was not the runner's live one any more. */
  remove(link: RunnerLink): boolean {
    if (!this.isLive(link)) return false;
    this.#links.delete(link.runnerId);
    this.#onGone(link.runnerId);
    return true;
  }

  isLive(link: RunnerLink): boolean {
    return this.#links.get(link.runnerId) === link;
  }

  offer(...[runnerId, frame]: Parameters<RunnerPort["offer"]>): ReturnType<RunnerPort["offer"]> {
    return this.#ask(
      runnerId,
      "offer",
      frame,
      frame.acceptByMs + OFFER_SLACK_MS,
      offerAnswerSchema,
    );
  }

  stop(...[runnerId, frame]: Parameters<RunnerPort["stop"]>): ReturnType<RunnerPort["stop"]> {
    return this.#ask(runnerId, "stop", frame, STOP_DEADLINE_MS, z.null());
  }

  turn(...[runnerId, frame]: Parameters<RunnerPort["turn"]>): ReturnType<RunnerPort["turn"]> {
    return this.#ask(runnerId, "turn", frame, TURN_DEADLINE_MS, z.null());
  }

  mail(...[runnerId, frame]: Parameters<RunnerPort["mail"]>): ReturnType<RunnerPort["mail"]> {
    return this.#ask(runnerId, "mail", frame, TURN_DEADLINE_MS, z.null());
  }

  forget(...[runnerId, frame]: Parameters<RunnerPort["forget"]>): ReturnType<RunnerPort["forget"]> {
    return this.#ask(runnerId, "forget", frame, DIFF_DEADLINE_MS, z.null());
  }

  purge(...[runnerId, frame]: Parameters<RunnerPort["purge"]>): ReturnType<RunnerPort["purge"]> {
    return this.#ask(runnerId, "purge", frame, PURGE_DEADLINE_MS, purgedSchema);
  }

  diff(...[runnerId, frame]: Parameters<RunnerPort["diff"]>): ReturnType<RunnerPort["diff"]> {
    return this.#ask(runnerId, "diff", frame, DIFF_DEADLINE_MS, diffAnswerSchema);
  }

  browse(...[runnerId, frame]: Parameters<RunnerPort["browse"]>): ReturnType<RunnerPort["browse"]> {
    return this.#ask(runnerId, "browse", frame, BROWSE_DEADLINE_MS, browsedSchema);
  }

  tryRemote(
    ...[runnerId, frame]: Parameters<RunnerPort["tryRemote"]>
  ): ReturnType<RunnerPort["tryRemote"]> {
    return this.#ask(runnerId, "try_remote", frame, BROWSE_DEADLINE_MS, z.null());
  }

  /** Who hears of terminals, and of connections that end. */
  serveTerminals(side: TerminalSide): void {
    this.#onNews = side.news;
    this.#onGone = side.gone;
  }

  /** A runner tells of a terminal. */
  terminalNews(runnerId: string, news: TerminalNews): Promise<Ack<null>> {
    return this.#onNews(runnerId, news);
  }

  /** Asks a runner about a terminal; `value` is the shape of its answer. */
  terminal<V extends z.ZodType>(
    runnerId: string,
    order: TerminalOrder,
    value: V,
  ): Promise<Ack<z.output<V>>> {
    return this.#ask(runnerId, "terminal", order, TERMINAL_DEADLINE_MS, value);
  }

  close(runnerId: string): void {
    this.#links.get(runnerId)?.close();
  }

  async #ask<V extends z.ZodType>(
    runnerId: string,
    event: DownEvent,
    frame: { connection: number },
    deadlineMs: number,
    value: V,
  ): Promise<Ack<z.output<V>>> {
    const link = this.#links.get(runnerId);
    if (link === undefined || link.connection !== frame.connection) return offline();
    // What is typed is bytes, and bounded by its schema.
    if (event !== "terminal" && Buffer.byteLength(JSON.stringify(frame)) > FRAME_BYTES_MAX) {
      return refuse(
        "too_large",
        `What the runner is to be told is larger than ${FRAME_BYTES_MAX / 1024} KiB.`,
      );
    }
    const answer = await firstOf(link.ask(event, frame, deadlineMs), link.gone);
    if (answer.end === "gone") return offline();
    if (answer.end === "late") {
      return refuse("deadline", "The runner did not answer in time. It is asked again.", {
        retryable: true,
      });
    }
    const parsed = ackSchema(value).safeParse(answer.value);
    if (parsed.success) return parsed.data as Ack<z.output<V>>;
    return refuse("internal", `The runner's answer to ${event} does not fit the protocol.`);
  }
}

function offline(): Ack<never> {
  return refuse("offline", "The runner is not connected. It is asked again when it is back.", {
    retryable: true,
  });
}

type End = { end: "answer"; value: unknown } | { end: "late" } | { end: "gone" };

async function firstOf(answer: Promise<unknown>, gone: AbortSignal): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>();
  const onGone = () => resolve({ end: "gone" });
  if (gone.aborted) onGone();
  gone.addEventListener("abort", onGone, { once: true });
  answer.then(
    (value) => resolve({ end: "answer", value }),
    () => resolve({ end: "late" }),
  );
  const end = await promise;
  gone.removeEventListener("abort", onGone);
  return end;
}
