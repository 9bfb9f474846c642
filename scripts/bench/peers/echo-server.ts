// The limit of Socket.IO on this machine: a bare server that hands every frame back. Prints its port; ends with SIGTERM.
import { Server as Engine } from "@socket.io/bun-engine";
import { Server } from "socket.io";

const io = new Server();
const engine = new Engine({ path: "/socket.io/" });
io.bind(engine);
io.on("connection", (socket) => {
  socket.on("command", (frame: unknown, ack: (answer: unknown) => void) =>
    ack({ ok: true, value: frame }),
  );
});
const { websocket, fetch } = engine.handler();
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, idleTimeout: 60, fetch, websocket });
console.log(server.port);
