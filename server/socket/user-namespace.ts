/** The namespace `/`: people's pages and programs. Commands, topics and streams. */
import {
  commandFrameSchema,
  ok,
  streamNameSchema,
  streamOpenSchema,
  subscribeSchema,
  unsubscribeSchema,
} from "../../protocol/index.ts";
import { z } from "zod";
import type { Auth } from "../auth/auth.ts";
import type { Log, TownCore } from "../core.ts";
import { waitingPackets } from "./back-pressure.ts";
import { admitUser } from "./handshake.ts";
import type { Publisher, ViewerOut } from "./publisher.ts";
import { receiveOn } from "./receive.ts";
import { Refused, refusedWhileStarting, type UserNamespace, type UserSocket } from "./sockets.ts";
import type { Terminals } from "../terminals/terminals.ts";
import { serveTerminals } from "./terminal-frames.ts";
import { Viewer } from "./viewer.ts";

export interface UserEdge {
  core: TownCore;
  publisher: Publisher;
  terminals: Terminals;
}

const streamCloseSchema = z.strictObject({ stream: streamNameSchema });

/** Serves the namespace. `edge` answers null until the town is open: connections are then refused as busy. */
export function serveUsers(
  namespace: UserNamespace,
  edge: () => UserEdge | null,
  options: { auth: Auth; log: Log; version: string },
): void {
  let connections = 0;
  namespace.use((socket, next) => {
    const core = edge()?.core;
    const asker =
      core === undefined ? null : admitUser(options.auth, core.townId, socket.handshake);
    if (asker === null) next(refusedWhileStarting());
    else if (!asker.ok) next(new Refused(asker.error));
    else {
      socket.data.asker = asker.value;
      next();
    }
  });
  namespace.on("connection", (socket) => {
    const open = edge();
    if (open === null) {
      socket.disconnect(true);
      return;
    }
    connections += 1;
    const { townId, epoch } = open.core;
    socket.emit("welcome", { townId, epoch, appVersion: options.version, connection: connections });
    serveUser(socket, open, options.log);
  });
}

function serveUser(socket: UserSocket, { core, publisher, terminals }: UserEdge, log: Log): void {
  const { caller } = socket.data.asker;
  const connection = socket.conn as unknown as Parameters<typeof waitingPackets>[0];
  const viewer = new Viewer(() => waitingPackets(connection));
  const out: ViewerOut = {
    changes: (frame) => socket.emit("changes", frame),
    stream: (frame) => socket.emit("stream", frame),
  };
  const receiver = receiveOn(socket, log);
  receiver.on("command", commandFrameSchema, ({ name, body, key }) =>
    core.call(name, body ?? {}, caller, key),
  );
  receiver.on("subscribe", subscribeSchema, ({ topic, since }, then) => {
    const followed = publisher.subscribe(viewer, topic, since, out);
    if (!followed.ok) return followed;
    then(followed.value.later);
    return ok(followed.value.first);
  });
  receiver.on("unsubscribe", unsubscribeSchema, ({ topic }) => {
    publisher.unsubscribe(viewer, topic);
    return ok(null);
  });
  receiver.on("stream.open", streamOpenSchema, ({ stream, since }, then) => {
    const followed = publisher.openStream(viewer, stream, since, out);
    if (!followed.ok) return followed;
    then(followed.value.later);
    return ok({ events: followed.value.first });
  });
  receiver.on("stream.close", streamCloseSchema, ({ stream }) => {
    publisher.closeStream(viewer, stream);
    return ok(null);
  });
  const leaveTerminals = serveTerminals(terminals, receiver, {
    caller,
    send: (frame, drawn) => void socket.emit("terminal", frame, drawn),
  });
  socket.on("disconnect", () => {
    publisher.gone(viewer);
    leaveTerminals();
  });
}
