// A town with one run whose terminals are real: the town and its runner are processes of their own.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { treeUse } from "../../../tests/support/tree-use.ts";
import type { Ack, TerminalFrame, TerminalOpened } from "../../../protocol/index.ts";
import { atEnd } from "./at-end.ts";
import { serveTown, type ServedTown } from "./served-town.ts";
import { Heard, type ShellLine } from "./shell-line.ts";
import { openSockets } from "./sockets.ts";

export const SIZE = { cols: 120, rows: 40 };

export class TerminalTown implements AsyncDisposable {
  readonly #town: ServedTown;
  readonly #runner: Bun.Subprocess;
  readonly #ended: () => void;
  readonly #runId: string;
  /** The tree that shells begin in. */
  readonly tree: string;

  private constructor(town: ServedTown, runner: Bun.Subprocess, runId: string, tree: string) {
    this.#town = town;
    this.#runner = runner;
    this.#runId = runId;
    this.tree = tree;
    this.#ended = atEnd(() => runner.kill("SIGKILL"));
  }

  static async open(root: string, folder: string, profile?: string): Promise<TerminalTown> {
    const dataDir = join(folder, "data");
    const town = await serveTown({ root, dataDir, ...(profile === undefined ? {} : { profile }) });
    const runnerDir = join(folder, "runner");
    await mkdir(runnerDir, { recursive: true });
    using sockets = await openSockets(town.url, 1, town.token);
    const call = async (name: string, body: object): Promise<unknown> => {
      const key = `bench-${crypto.randomUUID()}`;
      const ack = (await sockets.all[0]?.emitWithAck("command", { name, body, key })) as Ack;
      if (!ack.ok) throw new Error(`${name}: ${ack.error.message}`);
      return ack.value;
    };
    const model = { provider: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1" };
    await call("model.set", { ...model, model: "played" });
    const { token } = (await call("token.create", {
      role: "runner",
      rights: ["model", "merge"],
    })) as { token: string };
    const program = join(import.meta.dir, "terminal-runner.ts");
    const runner = Bun.spawn([process.execPath, program, town.url, token, runnerDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await call("rig.add", { name: "terminals", remote: "/nowhere/terminals.git" });
    await call("bead.sling", { rig: "terminals", title: "Sit there" });
    const { value } = await runner.stdout.getReader().read();
    if (value === undefined) throw new Error("the runner ended before it had work");
    const runId = new TextDecoder().decode(value).trim();
    return new TerminalTown(town, runner, runId, join(runnerDir, "tree"));
  }

  /** A person's connection with the shell of the run on it. */
  async shell(mode: "write" | "read"): Promise<ShellLine> {
    const sockets = await openSockets(this.#town.url, 1, this.#town.token);
    const [socket] = sockets.all;
    const heard = new Heard();
    socket?.on("terminal", (frame: TerminalFrame, drawn: () => void) => {
      if (frame.kind === "output" || frame.kind === "screen") heard.add(frame.data);
      drawn();
    });
    const wish = { run: this.#runId, what: "shell", ...SIZE, mode };
    const opened = (await socket?.emitWithAck("terminal.open", wish)) as Ack<TerminalOpened>;
    if (!opened.ok) throw new Error(opened.error.message);
    const { terminal } = opened.value;
    return {
      get bytes() {
        return heard.bytes;
      },
      type: (text) =>
        socket?.emit("terminal.input", { terminal, data: Buffer.from(text) }, () => undefined),
      until: (text) => heard.until(text),
      [Symbol.dispose]: () => sockets[Symbol.dispose](),
    };
  }

  /** Processor time of town, runner and all that runs on its terminals, milliseconds. */
  cpuMs(): number {
    return [this.#town.pid, this.#runner.pid]
      .flatMap((pid) => treeUse(pid))
      .reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#runner.kill("SIGTERM");
    await this.#runner.exited;
    this.#ended();
    await this.#town[Symbol.asyncDispose]();
  }
}
