/**
 * How the runner reaches its town, as the session sees it: connections that are opened once, closed
 * once and never repaired. The spool is the only replay.
 */
import type { z } from "zod";
import { ackSchema, refuse, type Ack, type Result } from "../../protocol/error.ts";
import { FRAME_BYTES_MAX } from "../../protocol/limits.ts";

export type UpEvent =
  | "hello"
  | "facts"
  | "heartbeat"
  | "tool"
  | "credential"
  | "secrets"
  | "repository"
  | "leaving"
  | "terminal"
  | "snapshot_put"
  | "snapshot_keep"
  | "snapshot_get";
export const DOWN_EVENTS = [
  "offer",
  "stop",
  "turn",
  "mail",
  "forget",
  "purge",
  "diff",
  "browse",
  "try_remote",
  "terminal",
] as const;
export type DownEvent = (typeof DOWN_EVENTS)[number];
/** Answers a frame of the town. Its argument is not yet parsed. */
export type FrameListener = (frame: unknown) => Promise<Ack>;
export type FrameListeners = Readonly<Record<DownEvent, FrameListener>>;

/** What came of a frame; `late` and `gone` do not say whether the town has seen it. */
export type Asked = { kind: "answered"; value: unknown } | { kind: "late" } | { kind: "gone" };

export interface TownLink {
  readonly isOpen: boolean;
  /** Resolves once with the reason, when the connection is gone. */
  readonly closed: Promise<string>;
  /** Sends a frame and waits for its answer, which is not yet parsed. Never rejects. */
  ask(event: UpEvent, frame: object, timeoutMs: number): Promise<Asked>;
  /** Closes it whole. Safe to call twice. */
  close(reason: string): void;
}

export interface Transport {
  /**
   * Opens a connection. Errors: what the town refused it with, else `offline` (retryable).
   * `listeners` are in place before the first frame can arrive.
   */
  open(listeners: FrameListeners, signal: AbortSignal): Promise<Result<TownLink>>;
}

/** Schemas of answers by the schema of their value: made once, for making one costs more than using it. */
const answerSchemas = new WeakMap<z.ZodType, z.ZodType>();

function answerSchema(value: z.ZodType): z.ZodType {
  let schema = answerSchemas.get(value);
  if (schema === undefined) answerSchemas.set(value, (schema = ackSchema(value)));
  return schema;
}

/**
 * Sends a frame and waits for its answer, parsed by `value`. Errors: the town's, or `offline`,
 * `deadline`, `too_large`, `internal` (an answer that does not fit).
 */
export async function request<V extends z.ZodType>(
  link: TownLink,
  event: UpEvent,
  frame: object,
  value: V,
  timeoutMs: number,
): Promise<Ack<z.output<V>>> {
  if (Buffer.byteLength(JSON.stringify(frame)) > FRAME_BYTES_MAX) {
    return refuse(
      "too_large",
      `What the runner has to say (${event}) is larger than ${FRAME_BYTES_MAX / 1024} KiB.`,
    );
  }
  const asked = await link.ask(event, frame, timeoutMs);
  if (asked.kind === "gone")
    return refuse("offline", "The town cannot be reached now. Try again.", { retryable: true });
  if (asked.kind === "late")
    return refuse("deadline", "The town did not answer in time. Try again.", { retryable: true });
  const parsed = answerSchema(value).safeParse(asked.value);
  if (!parsed.success)
    return refuse("internal", `The town's answer to ${event} does not fit the protocol.`);
  return parsed.data as Ack<z.output<V>>;
}
