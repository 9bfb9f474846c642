/** One terminal of a run: what it prints goes to its screen and to the town, what is typed goes to its program. */
import type { TerminalSize } from "../../protocol/entities/terminal.ts";
import type { Result } from "../../protocol/error.ts";
import type { TerminalScreen } from "../../protocol/runner-frames.ts";
import type { Clock } from "../clock.ts";
import { OutputWindow } from "./output-window.ts";
import type { OpenPty, Pty, PtyWish } from "./pty.ts";
import { ScreenFeed } from "./screen-feed.ts";
import type { OpenScreen, Screen } from "./screens.ts";
import { typedBytes } from "./typed-bytes.ts";

/** From what was typed to what the screen shows of it: programs echo within this time, or not at all. */
const ECHO_MS = 250;

export interface TerminalPorts {
  clock: Clock;
  openPty: OpenPty;
  openScreen: OpenScreen;
  /** Resolves when the town has room for as much again. */
  send: (at: number, data: Uint8Array) => Promise<void>;
}

export class Terminal {
  readonly #clock: Clock;
  readonly #pty: Pty;
  readonly #screen: Screen;
  readonly #feed: ScreenFeed;
  readonly #window: OutputWindow;
  /** Resolves once, with how it ended. */
  readonly ended: Promise<string>;

  private constructor(parts: {
    clock: Clock;
    pty: Pty;
    screen: Screen;
    feed: ScreenFeed;
    window: OutputWindow;
  }) {
    this.#clock = parts.clock;
    this.#pty = parts.pty;
    this.#screen = parts.screen;
    this.#feed = parts.feed;
    this.#window = parts.window;
    this.ended = parts.pty.exited.then((how) => {
      this.#window.finish();
      this.#feed.close();
      this.#screen.close();
      return how;
    });
  }

  /** Errors: those of the host's terminals. */
  static async open(
    ports: TerminalPorts,
    wish: Omit<PtyWish, "onBytes">,
  ): Promise<Result<Terminal>> {
    let answer = (_text: string): void => undefined;
    const screen = ports.openScreen(wish.size, (text) => answer(text));
    const feed = new ScreenFeed(ports.clock, (bytes) => screen.write(bytes));
    const window = new OutputWindow(ports.clock, ports.send);
    const opened = await ports.openPty({
      ...wish,
      onBytes: (bytes) => {
        feed.push(bytes);
        const sent = window.push(bytes);
        // Who looks sets the pace; where nobody does, the screen.
        return window.isTaken ? sent : feed.ready();
      },
    });
    if (!opened.ok) {
      feed.close();
      screen.close();
      return opened;
    }
    const pty = opened.value;
    answer = (text) => pty.write(Buffer.from(text));
    return { ok: true, value: new Terminal({ clock: ports.clock, pty, screen, feed, window }) };
  }

  /** Types. With `wantsLine` it answers the line that the cursor was in, as the screen shows it soon after. */
  async type(data: Uint8Array, wantsLine: boolean): Promise<string | null> {
    const typed = typedBytes(data);
    if (!wantsLine) {
      this.#pty.write(typed);
      return null;
    }
    this.#feed.flush();
    const readLine = this.#screen.markLine();
    this.#pty.write(typed);
    await new Promise<void>((resolve) => void this.#clock.after(ECHO_MS, resolve));
    this.#feed.flush();
    return readLine();
  }

  resize(size: TerminalSize): void {
    this.#feed.flush();
    this.#screen.resize(size);
    this.#pty.resize(size);
  }

  /** The screen as it is now; what follows it is sent from here on. Null: it cannot be told. */
  async replay(): Promise<TerminalScreen | null> {
    this.#feed.flush();
    const at = this.#window.total;
    this.#window.open();
    const shown = await this.#screen.snapshot();
    return shown === null ? null : { at, ...shown };
  }

  /** Nobody looks: nothing is sent until the next replay. */
  pause(): void {
    this.#window.shut();
  }

  async close(): Promise<void> {
    this.#window.shut();
    this.#feed.close();
    await this.#pty.close();
  }
}
