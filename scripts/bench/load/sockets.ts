// Socket.IO clients as a page or a program has them, without the comforts that would blur a figure.
import { io, type Socket } from "socket.io-client";
import { PROTOCOL_VERSION } from "../../../protocol/index.ts";

export interface Sockets extends Disposable {
  all: readonly Socket[];
}

/** Opens `count` connections, as the owner where a token is given. @throws what the other side refused with */
export async function openSockets(url: string, count: number, token = ""): Promise<Sockets> {
  const all = Array.from({ length: count }, () =>
    io(url, {
      auth: { version: PROTOCOL_VERSION, client: "gastown bench", token },
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    }),
  );
  const close = (): void => {
    for (const socket of all) socket.close();
  };
  try {
    await Promise.all(all.map(connected));
  } catch (error) {
    close();
    throw error;
  }
  return { all, [Symbol.dispose]: close };
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}
