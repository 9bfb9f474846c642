// The network between one runner and the town: a door on loopback that can be cut and frozen.
import { connect, createServer, type Server, type Socket } from "node:net";

export class Cable {
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #state: "whole" | "cut" | "frozen" = "whole";
  /** Told when a message was broken in its middle. */
  #halved: (() => void) | null = null;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Leads to what listens on `port`, whenever something does. */
  static async lay(port: number): Promise<Cable> {
    const server = createServer();
    const cable = new Cable(server);
    server.on("connection", (near) => cable.#take(near, port));
    const listening = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", () => listening.resolve());
    await listening.promise;
    return cable;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the cable is not laid");
    return address.port;
  }

  /** Breaks every connection; new ones break at once. */
  cut(): void {
    this.#state = "cut";
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
  }

  /** Nothing passes, and nobody is told. */
  freeze(): void {
    this.#state = "frozen";
    for (const pair of this.#pairs) for (const end of pair) end.pause();
  }

  /** Of the next bytes, whichever way they go, half pass; then their connection breaks. Resolves when it has. */
  halve(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#halved = resolve;
    return promise;
  }

  mend(): void {
    this.#state = "whole";
    for (const pair of this.#pairs) for (const end of pair) end.resume();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #take(near: Socket, port: number): void {
    if (this.#state === "cut") return void near.destroy();
    const far = connect(port, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on("data", (bytes: Buffer) => {
        const halved = this.#halved;
        if (halved === null) return void to.write(bytes);
        this.#halved = null;
        to.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => {
          end();
          halved();
        });
      });
      // A killed end resets its connection: the other one is told.
      from.on("error", end);
      from.on("close", end);
    }
    if (this.#state === "frozen") for (const each of pair) each.pause();
  }
}
