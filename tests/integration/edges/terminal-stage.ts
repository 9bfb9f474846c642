/** Terminals through real doors: a runner's desk with real shells on one side, people's connections on the other. */
import type { Socket } from "socket.io-client";
import type {
  Ack,
  RunnerWelcome,
  TerminalFrame,
  TerminalOpened,
  TerminalSize,
} from "../../../protocol/index.ts";
import { terminalOrderSchema } from "../../../protocol/index.ts";
import { systemClock } from "../../../runner/clock.ts";
import { createLog } from "../../../runner/log.ts";
import { sandboxPty } from "../../../runner/pty/pty.ts";
import { Screens } from "../../../runner/pty/screens.ts";
import { TerminalDesk } from "../../../runner/pty/terminal-desk.ts";
import { SeenText } from "../../support/seen-text.ts";
import { makeRun, openWorld, type RunDirs, type World } from "../agents/stage.ts";
import { ask, connected, openTown, type OpenTown } from "./open-town.ts";
import { hello, runId } from "./samples.ts";

export const fence = { epoch: 1, n: 1 };

/** What one person's connection sees of terminals. */
export class Person {
  readonly seen = new SeenText();
  readonly frames: TerminalFrame[] = [];
  /** While false nothing is drawn: the connection does not keep up. */
  draws = true;
  readonly socket: Socket;
  terminal = "";
  #undrawn: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("terminal", (frame: TerminalFrame, drawn: () => void) => {
      this.frames.push(frame);
      if (frame.kind === "output" || frame.kind === "screen") this.seen.add(frame.data);
      if (this.draws) drawn();
      else this.#undrawn.push(drawn);
      for (const look of this.#waiting.splice(0)) look();
    });
  }

  /** Draws what has come, and everything from now on. */
  draw(): void {
    this.draws = true;
    for (const drawn of this.#undrawn.splice(0)) drawn();
  }

  async open(
    more: Partial<TerminalSize> & { mode?: "read"; take?: boolean } = {},
  ): Promise<Ack<TerminalOpened>> {
    const wish = { run: runId, what: "shell", cols: 80, rows: 24, mode: "write", ...more };
    const opened: Ack<TerminalOpened> = await ask(this.socket, "terminal.open", wish);
    if (opened.ok) this.terminal = opened.value.terminal;
    return opened;
  }

  type(text: string): Promise<Ack<never>> {
    const frame = { terminal: this.terminal, data: Buffer.from(text) };
    return ask(this.socket, "terminal.input", frame);
  }

  tell(event: "terminal.take" | "terminal.leave"): Promise<Ack<never>> {
    return ask(this.socket, event, { terminal: this.terminal });
  }

  /** Resolves with the first frame of a kind that `fits`, those that came already included. */
  async until<K extends TerminalFrame["kind"]>(
    kind: K,
    fits: (frame: Extract<TerminalFrame, { kind: K }>) => boolean = () => true,
  ): Promise<Extract<TerminalFrame, { kind: K }>> {
    for (;;) {
      for (const frame of this.frames)
        if (frame.kind === kind && fits(frame as Extract<TerminalFrame, { kind: K }>))
          return frame as Extract<TerminalFrame, { kind: K }>;
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }
}

export interface TerminalStage extends AsyncDisposable {
  open: OpenTown;
  world: World;
  dirs: RunDirs;
  desk: TerminalDesk;
  runner: Socket;
  runnerId: string;
  person(): Promise<Person>;
}

/** A runner with the agent of one run up, and its town. */
export async function openTerminalStage(): Promise<TerminalStage> {
  const open = openTown();
  const world = await openWorld("bwrap");
  const dirs = await makeRun(world, runId);
  const log = createLog({ level: "error", now: Date.now, write: () => undefined });
  const screens = new Screens(log);
  const desk = new TerminalDesk({
    ...{ clock: systemClock, log },
    host: () => ({
      ...{ cores: 2, load1: 0, memoryBytes: 1, memoryFreeBytes: 1, diskFreeBytes: 1 },
      refuses: null,
    }),
    openPty: sandboxPty({ sandbox: world.sandbox, owner: world.owner, hide: [] }),
    openScreen: (size, answered) => screens.open(size, answered),
  });
  const runner = await open.connectRunner();
  await connected(runner);
  const welcome = (await ask(runner, "hello", hello)) as unknown as Ack<RunnerWelcome>;
  if (!welcome.ok) throw new Error(welcome.error.message);
  const { runnerId, connection } = welcome.value;
  desk.join(async (news) => {
    if (!runner.connected) return;
    try {
      await runner.timeout(20_000).emitWithAck("terminal", { ...news, connection });
    } catch (error) {
      // The connection has ended on the way, as it may for a runner.
      if (runner.connected) throw error;
    }
  });
  runner.on("terminal", (frame: unknown, ack: (answer: Ack<unknown>) => void) => {
    void desk.take(terminalOrderSchema.parse(frame)).then(ack);
  });
  const { tree, tmp } = dirs;
  desk.admit(runId, {
    ...{ cwd: tree, tmpDir: tmp, readOnly: [], readWrite: [tree], fence },
    agentScreen: () => ({
      ok: false,
      error: { code: "unsupported", message: "This program has none.", retryable: false },
    }),
  });
  open.town.target = { runId, fence, runnerId, connection };
  return {
    ...{ open, world, dirs, desk, runner, runnerId },
    async person() {
      const socket = open.connect({ auth: { token: open.ownerToken } });
      await connected(socket);
      return new Person(socket);
    },
    [Symbol.asyncDispose]: async () => {
      await desk.cutOff();
      screens.closeAll();
      await open.close();
      await world[Symbol.asyncDispose]();
    },
  };
}
