/** The namespace `/runner`: hello first, then frames that carry the connection number hello was answered with. */
import {
  credentialFrameSchema,
  factBatchSchema,
  heartbeatSchema,
  helloSchema,
  refuse,
  toolFrameSchema,
  type Ack,
} from "../../protocol/index.ts";
import type { Auth } from "../auth/auth.ts";
import type { Log, TownCore } from "../core.ts";
import { admitRunner } from "./handshake.ts";
import { receiveOn } from "./receive.ts";
import type { RunnerLink, RunnerLinks } from "./runner-links.ts";
import {
  Refused,
  refusedWhileStarting,
  type RunnerNamespace,
  type RunnerSocket,
} from "./sockets.ts";

/** Serves the namespace; `core` answers null until the town is open. */
export function serveRunners(
  namespace: RunnerNamespace,
  core: () => TownCore | null,
  options: { auth: Auth; log: Log; links: RunnerLinks },
): void {
  namespace.use((socket, next) => {
    const asker = core() === null ? null : admitRunner(options.auth, socket.handshake);
    if (asker === null) next(refusedWhileStarting());
    else if (!asker.ok) next(new Refused(asker.error));
    else {
      socket.data.asker = asker.value;
      next();
    }
  });
  namespace.on("connection", (socket) => {
    const open = core();
    if (open === null) socket.disconnect(true);
    else serveRunner(socket, open, options.links, options.log);
  });
}

function serveRunner(socket: RunnerSocket, core: TownCore, links: RunnerLinks, log: Log): void {
  const gone = new AbortController();
  let greeted = false;
  let link: RunnerLink | null = null;
  const receiver = receiveOn(socket, log);

  receiver.on("hello", helloSchema, async (frame, then) => {
    if (greeted) return closing(then, "A connection says hello once. Connect again.");
    greeted = true;
    const welcome = await core.hello(frame, socket.data.asker.endsWith);
    if (!welcome.ok) return welcome;
    const { runnerId, connection } = welcome.value;
    const fresh = linkOf(socket, runnerId, connection, gone.signal);
    if (gone.signal.aborted || !links.add(fresh)) {
      core.runnerGone(runnerId, connection);
      return closing(then, "A newer connection of this runner is open.");
    }
    link = fresh;
    log.info({ runner: runnerId, connection }, "runner connected");
    return welcome;
  });

  /** Lets a frame pass only on the runner's live connection and with its number; else all of it is closed. */
  const fenced = (
    connection: number,
    then: (next: () => void) => void,
    act: (runnerId: string) => Promise<Ack>,
  ) => {
    if (link !== null && links.isLive(link) && link.connection === connection)
      return act(link.runnerId);
    return closing(
      then,
      "This connection was replaced or never said hello. Connect again and say hello.",
    );
  };
  const closing = (then: (next: () => void) => void, message: string): Ack<never> => {
    then(() => socket.disconnect(true));
    return refuse("stale_connection", message, { retryable: true });
  };

  receiver.on("facts", factBatchSchema, (frame, then) =>
    fenced(frame.connection, then, (id) => core.facts(id, frame)),
  );
  receiver.on("heartbeat", heartbeatSchema, (frame, then) =>
    fenced(frame.connection, then, (id) => core.heartbeat(id, frame)),
  );
  receiver.on("tool", toolFrameSchema, (frame, then) =>
    fenced(frame.connection, then, (id) => core.tool(id, frame)),
  );
  receiver.on("credential", credentialFrameSchema, (frame, then) =>
    fenced(frame.connection, then, (id) => core.credential(id, frame)),
  );
  socket.on("disconnect", (reason) => {
    gone.abort();
    if (link === null || !links.remove(link)) return;
    log.info({ runner: link.runnerId, connection: link.connection, reason }, "runner disconnected");
    core.runnerGone(link.runnerId, link.connection);
  });
}

function linkOf(
  socket: RunnerSocket,
  runnerId: string,
  connection: number,
  gone: AbortSignal,
): RunnerLink {
  return {
    runnerId,
    connection,
    gone,
    // The event maps tie each frame to its event; RunnerLinks has checked that before it comes here as one call.
    ask: (event, frame, deadlineMs) =>
      (
        socket.timeout(deadlineMs) as unknown as {
          emitWithAck(event: string, frame: object): Promise<unknown>;
        }
      ).emitWithAck(event, frame),
    close: () => socket.disconnect(true),
  };
}
