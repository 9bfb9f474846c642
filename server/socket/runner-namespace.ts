/** The namespace `/runner`: runners' connections over Socket.IO. */
import type { z } from "zod";
import type { Auth } from "../auth/auth.ts";
import type { Log, TownCore } from "../core.ts";
import { admitRunner } from "./handshake.ts";
import { receiveOn } from "./receive.ts";
import { RunnerConnection, runnerFrames, type RunnerFrame } from "./runner-connection.ts";
import type { RunnerLinks } from "./runner-links.ts";
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
    const town = core();
    const asker = town === null ? null : admitRunner(options.auth, town.townId, socket.handshake);
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
    else serveRunner(socket, open, options);
  });
}

function serveRunner(
  socket: RunnerSocket,
  core: TownCore,
  { auth, links, log }: { auth: Auth; log: Log; links: RunnerLinks },
): void {
  const tokenId = socket.data.asker.endsWith;
  const connection = new RunnerConnection({
    ...{ core, links, log, tokenId },
    rights: () => auth.rightsOf(tokenId),
    // The event maps tie each frame to its event; RunnerLinks has checked that before it comes here as one call.
    ask: (event, frame, deadlineMs) =>
      (
        socket.timeout(deadlineMs) as unknown as {
          emitWithAck(event: string, frame: object): Promise<unknown>;
        }
      ).emitWithAck(event, frame),
    close: () => void socket.disconnect(true),
  });
  const receiver = receiveOn(socket, log);
  for (const event of Object.keys(runnerFrames) as RunnerFrame[]) {
    const schema: z.ZodType = runnerFrames[event];
    receiver.on(event, schema, (frame, then) => connection.take(event, frame as never, then));
  }
  socket.on("disconnect", (reason) => connection.gone(reason));
}
