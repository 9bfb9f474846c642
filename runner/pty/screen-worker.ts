/** The screens of terminals, in a thread of their own: what programs print is drawn here, and nowhere else in this process. */
import { SerializeAddon } from "@xterm/addon-serialize";
import { Terminal, type IMarker } from "@xterm/headless";
import { TERMINAL_OUTPUT_BYTES_MAX } from "../../protocol/limits.ts";
import type { ScreenAnswer, ScreenOrder } from "./screen-orders.ts";

declare const self: Worker;

/** Lines that scrolled off and are kept; of them the newest that fit a frame are sent. */
const SCROLLBACK_LINES = 1_000;
const SCROLLBACK_TRIES = [SCROLLBACK_LINES, 300, 100, 0];
/** Switches that the serialiser does not know: the cursor, and how the mouse is told. */
const OWN_SWITCHES = new Set([25, 1005, 1006, 1015]);
const LINE_CHARS_MAX = 2_000;

interface Screen {
  terminal: Terminal;
  serializer: SerializeAddon;
  switches: Map<number, boolean>;
  marks: Map<number, IMarker>;
}

const screens = new Map<string, Screen>();

function tell(answer: ScreenAnswer): void {
  self.postMessage(answer);
}

self.onmessage = ({ data: order }: MessageEvent<ScreenOrder>) => {
  if (order.do === "open") {
    screens.set(order.id, openScreen(order.id, order.cols, order.rows));
    return;
  }
  const screen = screens.get(order.id);
  if (screen === undefined) return;
  switch (order.do) {
    case "write":
      return screen.terminal.write(order.data);
    case "resize":
      // After what was written before: drawing is done in turns.
      return screen.terminal.write("", () => screen.terminal.resize(order.cols, order.rows));
    case "mark":
      return screen.terminal.write("", () => setMark(screen, order.ask));
    case "line":
      return screen.terminal.write("", () =>
        tell({ kind: "line", ask: order.ask, line: markedLine(screen, order.ask) }),
      );
    case "snapshot":
      return screen.terminal.write("", () => {
        const { cols, rows } = screen.terminal;
        tell({ kind: "snapshot", ask: order.ask, cols, rows, data: snapshot(screen) });
      });
    case "close":
      screens.delete(order.id);
      return screen.terminal.dispose();
  }
};

function openScreen(id: string, cols: number, rows: number): Screen {
  const terminal = new Terminal({
    ...{ cols, rows },
    scrollback: SCROLLBACK_LINES,
    allowProposedApi: true,
  });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer);
  const switches = new Map<number, boolean>();
  for (const final of ["h", "l"]) {
    terminal.parser.registerCsiHandler({ prefix: "?", final }, (parameters) => {
      for (const parameter of parameters)
        if (typeof parameter === "number" && OWN_SWITCHES.has(parameter))
          switches.set(parameter, final === "h");
      // The terminal itself handles it too.
      return false;
    });
  }
  // The one place that answers what a program asks of its terminal.
  terminal.onData((text) => tell({ kind: "answered", id, text }));
  return { terminal, serializer, switches, marks: new Map() };
}

/** The screen with as much of what scrolled off it as fits a frame; without colours when nothing else fits. */
function snapshot({ terminal, serializer, switches }: Screen): Uint8Array {
  const own = [...switches].map(([name, isOn]) => `\u001b[?${name}${isOn ? "h" : "l"}`).join("");
  for (const scrollback of SCROLLBACK_TRIES) {
    const data = Buffer.from(serializer.serialize({ scrollback }) + own);
    if (data.byteLength <= TERMINAL_OUTPUT_BYTES_MAX) return data;
  }
  const { active } = terminal.buffer;
  const lines = Array.from(
    { length: terminal.rows },
    (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? "",
  );
  return Buffer.from(lines.join("\r\n")).subarray(0, TERMINAL_OUTPUT_BYTES_MAX);
}

function setMark({ terminal, marks }: Screen, ask: number): void {
  const mark = terminal.registerMarker(0);
  if (mark !== undefined) marks.set(ask, mark);
}

/** The line that was marked, with what it was wrapped into; null when it is gone. */
function markedLine({ terminal, marks }: Screen, ask: number): string | null {
  const mark = marks.get(ask);
  marks.delete(ask);
  if (mark === undefined || mark.isDisposed || mark.line < 0) return null;
  const { active } = terminal.buffer;
  let first = mark.line;
  while (first > 0 && active.getLine(first)?.isWrapped === true) first -= 1;
  let text = active.getLine(first)?.translateToString(true) ?? "";
  for (let row = first + 1; active.getLine(row)?.isWrapped === true; row++) {
    text += active.getLine(row)?.translateToString(true) ?? "";
    if (text.length > LINE_CHARS_MAX) break;
  }
  mark.dispose();
  return text.slice(0, LINE_CHARS_MAX);
}
