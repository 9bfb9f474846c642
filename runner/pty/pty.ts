/** A program on a terminal of its own, in the sandbox of a run: how it is steered, and how it ends. */
import { existsSync } from "node:fs";
import type { TerminalSize } from "../../protocol/entities/terminal.ts";
import type { Result } from "../../protocol/error.ts";
import { describeExit } from "../process/exit-record.ts";
import type { Reachable, SandboxSpec } from "../sandbox/sandbox-spec.ts";
import { resizeTerminal, typeInto, type Sandbox } from "../sandbox/sandbox.ts";

/** What runs on the terminal. */
export interface PtyProgram {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Servers of the runner that it may reach. */
  sockets: readonly Reachable[];
  bindAs: NonNullable<SandboxSpec["bindAs"]>;
}

/** Where a terminal of a run is at home: what its agent sees, as its agent sees it. */
export interface PtyPlace {
  cwd: string;
  tmpDir: string;
  readOnly: readonly string[];
  readWrite: readonly string[];
}

export interface PtyWish {
  runId: string;
  place: PtyPlace;
  /** Null: a shell. */
  program: PtyProgram | null;
  size: TerminalSize;
  /** What it prints. Nothing more is read until it resolves. */
  onBytes(bytes: Uint8Array): Promise<void> | void;
}

export interface Pty {
  /** Resolves once, with how it ended, as a sentence. */
  readonly exited: Promise<string>;
  write(data: Uint8Array): void;
  resize(size: TerminalSize): void;
  /** Ends the program and all that it has started. */
  close(): Promise<void>;
}

export type OpenPty = (wish: PtyWish) => Promise<Result<Pty>>;

/** From asking what runs on it to killing it. The small parent has most of it for itself. */
const CLOSE_GRACE_MS = 1_200;
const ERRORS_BYTES_MAX = 4_096;
/** In the sandbox nobody else can have written there; the agent's own home is its own. */
const HOME_INSIDE = "/tmp";

/** Terminals of this host. Errors: `unsupported`, where nothing can be started. */
export function sandboxPty(host: {
  sandbox: Sandbox;
  owner: string;
  hide: readonly string[];
}): OpenPty {
  return async (wish) => {
    const { sandbox } = host;
    const program = wish.program ?? shell();
    const { cwd, tmpDir, readOnly, readWrite } = wish.place;
    const ownTmp = sandbox.mode === "bwrap";
    const home = ownTmp ? HOME_INSIDE : tmpDir;
    const spec: SandboxSpec = {
      mode: sandbox.mode,
      runId: wish.runId,
      owner: host.owner,
      cwd,
      env: {
        ...sandbox.environment({ home, tmp: home }),
        TERM: "xterm-256color",
        COLORTERM: "truecolor",
        ...program.env,
      },
      readOnly,
      readWrite: ownTmp ? readWrite : [...readWrite, tmpDir],
      bindAs: program.bindAs,
      hide: host.hide,
      sockets: program.sockets,
      terminal: wish.size,
      network: "none",
    };
    const started = await sandbox.start(spec, program.argv, {
      stdout: { onBytes: (bytes) => wish.onBytes(bytes) },
      stderr: { bytesMax: ERRORS_BYTES_MAX },
    });
    if (!started.ok) return started;
    const child = started.value;
    const exited = child.exited.then((exit) => {
      const said = child.stderr.trim();
      return `What ran there ${describeExit(exit)}.${said === "" ? "" : ` ${said}`}`;
    });
    return {
      ok: true,
      value: {
        exited,
        write: (data) => typeInto(child, data),
        resize: ({ cols, rows }) => resizeTerminal(child, cols, rows),
        close: async () => void (await child.stop({ graceMs: CLOSE_GRACE_MS })),
      },
    };
  };
}

/** No start-up files: what is in the tree and in the agent's home is the agent's. */
function shell(): PtyProgram {
  const bash = existsSync("/bin/bash");
  return {
    argv: bash ? ["/bin/bash", "--noprofile", "--norc"] : ["/bin/sh"],
    env: {
      SHELL: bash ? "/bin/bash" : "/bin/sh",
      PS1: bash ? "\\w \\$ " : "$ ",
      // What was typed is in the audit, and nowhere in the tree.
      HISTFILE: "/dev/null",
    },
    sockets: [],
    bindAs: [],
  };
}
