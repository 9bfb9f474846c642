/** The runner's side of the screens: one thread for all of them, from the first terminal to the last. */
import { existsSync } from "node:fs";
import type { TerminalSize } from "../../protocol/entities/terminal.ts";
import type { Log } from "../log.ts";
import type { ScreenAnswer, ScreenOrder } from "./screen-orders.ts";

export type Snapshot = TerminalSize & { data: Uint8Array };

export interface Screen {
  write(data: Uint8Array): void;
  resize(size: TerminalSize): void;
  /** Null when the thread has failed. */
  snapshot(): Promise<Snapshot | null>;
  /** Remembers the line of the cursor; what it answers reads that line, whenever it is called. */
  markLine(): () => Promise<string | null>;
  close(): void;
}

/** `answered`: what the screen answers the program's questions. */
export type OpenScreen = (size: TerminalSize, answered: (text: string) => void) => Screen;

export class Screens {
  readonly #log: Log;
  #worker: Worker | null = null;
  #answers = new Map<string, (text: string) => void>();
  readonly #asked = new Map<number, (answer: ScreenAnswer | null) => void>();
  #count = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  open(size: TerminalSize, answered: (text: string) => void): Screen {
    const id = String(++this.#count);
    this.#answers.set(id, answered);
    this.#send({ do: "open", id, ...size });
    return {
      write: (data) => this.#send({ do: "write", id, data }),
      resize: (wish) => this.#send({ do: "resize", id, ...wish }),
      snapshot: async () => {
        const ask = ++this.#count;
        const answer = await this.#ask({ do: "snapshot", id, ask });
        return answer?.kind === "snapshot" ? answer : null;
      },
      markLine: () => {
        const ask = ++this.#count;
        this.#send({ do: "mark", id, ask });
        return async () => {
          const answer = await this.#ask({ do: "line", id, ask });
          return answer?.kind === "line" ? answer.line : null;
        };
      },
      close: () => this.#close(id),
    };
  }

  closeAll(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#answers.clear();
    for (const tell of this.#asked.values()) tell(null);
    this.#asked.clear();
  }

  #close(id: string): void {
    if (!this.#answers.delete(id)) return;
    this.#send({ do: "close", id });
    if (this.#answers.size === 0) this.closeAll();
  }

  #ask(order: ScreenOrder & { ask: number }): Promise<ScreenAnswer | null> {
    const { promise, resolve } = Promise.withResolvers<ScreenAnswer | null>();
    if (!this.#answers.has(order.id)) resolve(null);
    else {
      this.#asked.set(order.ask, resolve);
      this.#send(order);
    }
    return promise;
  }

  #send(order: ScreenOrder): void {
    if (order.do !== "open" && this.#worker === null) return;
    (this.#worker ??= this.#start()).postMessage(order);
  }

  #start(): Worker {
    const worker = new Worker(workerFile());
    worker.onmessage = ({ data: answer }: MessageEvent<ScreenAnswer>) => {
      if (answer.kind === "answered") this.#answers.get(answer.id)?.(answer.text);
      else {
        this.#asked.get(answer.ask)?.(answer);
        this.#asked.delete(answer.ask);
      }
    };
    // A fault of ours: terminals go on without replay, and the log says why.
    worker.onerror = ({ message }) => {
      this.#log.error("the thread of the screens has failed", { why: message });
      this.closeAll();
    };
    return worker;
  }
}

/** The bundled program has it beside itself, as a program. */
function workerFile(): string {
  const source = new URL("./screen-worker.ts", import.meta.url);
  return existsSync(source) ? source.href : new URL("./screen-worker.js", import.meta.url).href;
}
