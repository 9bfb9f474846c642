/**
 * Back-pressure for WebSocket transports of the Bun engine. As it ships, the engine ignores what a
 * send could not write: past Bun's own limit messages are dropped without a sign, and a slow viewer
 * cannot be told from a quick one. Here packets wait in a queue of ours while the socket's buffer is
 * full, the transport then says it is not writable, and both move on when the socket drains.
 */
import type { BunWebSocket, Server as Engine } from "@socket.io/bun-engine";

type Packet = object;

/** The part of the engine's transport that is replaced. */
interface Transport {
  send(packets: Packet[]): void;
  emitReserved(event: "drain"): void;
}

/** Bytes in a socket's buffer from which nothing more is handed to it. */
const BUFFERED_BYTES_HIGH = 256 * 1024;

/** Frames waiting behind a full socket; for the connection `conn` of a Socket.IO socket. */
const queues = new WeakMap<object, Packet[]>();
const pumps = new WeakMap<object, () => void>();

/** Handlers for Bun.serve's `websocket` in place of the engine's own `open`; `drain` it has none. */
export function backPressure(engine: Engine): {
  open: (socket: BunWebSocket) => void;
  drain: (socket: BunWebSocket) => void;
} {
  return {
    open(socket) {
      engine.onWebSocketOpen(socket);
      throttle(socket, socket.data.transport as unknown as Transport);
    },
    drain(socket) {
      const transport = socket.data.transport as unknown as Transport & { writable: boolean };
      pumps.get(transport)?.();
      if (transport.writable) transport.emitReserved("drain");
    },
  };
}

/** Packets that are made but not yet with the operating system's sender, for a connection of the engine. */
export function waitingPackets(connection: {
  transport: object;
  writeBuffer?: readonly unknown[];
}): number {
  return (connection.writeBuffer?.length ?? 0) + (queues.get(connection.transport)?.length ?? 0);
}

function throttle(socket: BunWebSocket, transport: Transport): void {
  const send = transport.send.bind(transport);
  const queue: Packet[] = [];
  const hasRoom = () => socket.getBufferedAmount() < BUFFERED_BYTES_HIGH;
  // The engine asks `writable` once more for each packet it sends: while we send, the answer is yes.
  let sending = false;
  const pump = () => {
    let sent = 0;
    sending = true;
    try {
      while (sent < queue.length && hasRoom()) {
        const packet = queue[sent];
        sent += 1;
        if (packet !== undefined) send([packet]);
      }
    } finally {
      sending = false;
      queue.splice(0, sent);
    }
  };
  Object.defineProperty(transport, "writable", {
    configurable: true,
    // The engine sets it once, when the socket opens; the buffer knows better.
    set(_value: boolean) {
      return;
    },
    get: () => sending || (queue.length === 0 && socket.readyState === WebSocket.OPEN && hasRoom()),
  });
  transport.send = (packets) => {
    queue.push(...packets);
    pump();
  };
  queues.set(transport, queue);
  pumps.set(transport, pump);
}
