/** The Socket.IO types of this server: event maps of the wire, and what is known of a connection. */
import type { DefaultEventsMap, Namespace, Socket } from "socket.io";
import {
  refuse,
  type ErrorBody,
  type RunnerDownEvents,
  type UserDownEvents,
} from "../../protocol/index.ts";
import type { Asker } from "../http/credentials.ts";

/** What the handshake established. */
export interface Known {
  asker: Asker;
}

// What arrives is not typed: receive.ts parses every frame.
export type UserSocket = Socket<DefaultEventsMap, UserDownEvents, DefaultEventsMap, Known>;
export type UserNamespace = Namespace<DefaultEventsMap, UserDownEvents, DefaultEventsMap, Known>;
export type RunnerSocket = Socket<DefaultEventsMap, RunnerDownEvents, DefaultEventsMap, Known>;
export type RunnerNamespace = Namespace<
  DefaultEventsMap,
  RunnerDownEvents,
  DefaultEventsMap,
  Known
>;

/** A refusal as Socket.IO sends it: the client's `connect_error` carries the body in `data`. */
export class Refused extends Error {
  readonly data: ErrorBody;

  constructor(body: ErrorBody) {
    super(body.message);
    this.data = body;
  }
}

export function refusedWhileStarting(): Refused {
  return new Refused(
    refuse("busy", "The town is starting. Try again.", { retryable: true, minBackoffMs: 500 })
      .error,
  );
}
