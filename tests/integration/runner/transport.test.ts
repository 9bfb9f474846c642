import { Server as Engine } from "@socket.io/bun-engine";
import { Server, type Socket } from "socket.io";
import { refuse, type Ack } from "../../../protocol/error.ts";
import { socketTransport } from "../../../runner/session/town-socket.ts";
import type { UpEvent } from "../../../runner/session/transport.ts";
import { answerJoining, memoryMembership } from "../../support/membership.ts";
import {
  transportContract,
  type TransportStage,
} from "../../contract/transport/transport.contract.ts";

const UP: readonly UpEvent[] = ["hello", "facts", "heartbeat", "tool", "credential"];

transportContract("sockets", () => {
  const io = new Server();
  const engine = new Engine({ path: "/socket.io/" });
  io.bind(engine);
  const { fetch, websocket } = engine.handler();
  const http = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    fetch: async (request, server) => (await answerJoining(request)) ?? fetch(request, server),
    websocket,
  });
  const gone = Promise.withResolvers<void>();
  const connected: Socket[] = [];
  io.of("/runner").use((_socket, next) => {
    if (stage.refusal === null) return next();
    return next(Object.assign(new Error("refused"), { data: stage.refusal }));
  });
  io.of("/runner").on("connection", (socket) => {
    connected.push(socket);
    socket.on("disconnect", () => gone.resolve());
    for (const event of UP)
      socket.on(event, (frame: unknown, ack: (answer: Ack) => void) => {
        void stage.answer(event, frame).then(ack);
      });
  });
  const townUrl = `http://127.0.0.1:${http.port}`;
  const stage: TransportStage = {
    transport: socketTransport({
      townUrl,
      token: "t",
      membership: memoryMembership(),
      client: "test",
    }),
    answer: () => Promise.resolve(refuse("internal", "No answer was written.")),
    refusal: null,
    ask: (event, frame): Promise<unknown> =>
      connected.at(-1)?.timeout(5_000).emitWithAck(event, frame) ?? Promise.resolve(null),
    cut: () => void connected.at(-1)?.disconnect(true),
    gone: gone.promise,
    settle: (promise) => promise,
    [Symbol.asyncDispose]: async () => {
      io.of("/runner").disconnectSockets(true);
      await http.stop(true);
    },
  };
  return Promise.resolve(stage);
});
