// The town that a bench measures: the built program as a process of its own, without the wrapper and without a runner.
import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { readTownFile } from "../../../cli/town-file.ts";
import { treeUse } from "../../../tests/support/tree-use.ts";
import { profilingFlags } from "../cpu-profile.ts";
import { atEnd } from "./at-end.ts";

export interface ServedTown extends AsyncDisposable {
  url: string;
  /** The owner's token. */
  token: string;
  pid: number;
  dataDir: string;
  /** From the start of the process to the line that says it is ready. */
  readyMs: number;
  /** Processor time that it has used so far, which other work on the machine does not lengthen. */
  cpuMs(): number;
  /** Holds it still while `act` runs: a peer has the machine to itself. */
  paused<T>(act: () => Promise<T>): Promise<T>;
  /** Ends it with a signal and waits until it is gone. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface ServedTownOptions {
  root: string;
  dataDir: string;
  policy?: Record<string, number>;
  /** The town writes its CPU profile here when it ends. */
  profile?: string;
}

const READY_MS_MAX = 60_000;
/** A town that does not end by itself is ended; what it wrote is not looked at afterwards. */
const END_MS_MAX = 20_000;

/** @throws when the town ends, or is silent for a minute, before it is ready */
export async function serveTown(options: ServedTownOptions): Promise<ServedTown> {
  const { root, dataDir } = options;
  await mkdir(dataDir, { recursive: true });
  const flags = options.profile === undefined ? [] : profilingFlags(options.profile);
  const program = [`--config=${join(root, "bunfig.toml")}`, "--no-env-file"];
  const up = ["up", "--no-runner", "--no-open", "--json", "--port", "0", "--data", dataDir];
  const main = join(root, "dist", "program", "main.js");
  const startedMs = performance.now();
  const child = Bun.spawn([process.execPath, ...flags, ...program, main, ...up], {
    stdio: ["ignore", "pipe", openSync(`${dataDir}.stderr`, "a")],
    env: { ...process.env, GASTOWN_POLICY: JSON.stringify(options.policy ?? {}) },
  });
  const ended = atEnd(() => child.kill("SIGKILL"));
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    child.kill(signal);
    const grace = setTimeout(() => child.kill("SIGKILL"), END_MS_MAX);
    await child.exited;
    clearTimeout(grace);
    ended();
  };
  const late = setTimeout(() => child.kill("SIGKILL"), READY_MS_MAX);
  const { value } = await child.stdout.getReader().read();
  const readyMs = performance.now() - startedMs;
  clearTimeout(late);
  if (value === undefined) {
    await child.exited;
    ended();
    const said = await Bun.file(`${dataDir}.stderr`).text();
    throw new Error(`the town ended before it was ready: ${said.slice(-500).trim()}`);
  }
  const { url, token } = readTownFile(dataDir);
  return {
    ...{ url, token, dataDir, readyMs, end, pid: child.pid },
    async paused(act) {
      child.kill("SIGSTOP");
      try {
        return await act();
      } finally {
        child.kill("SIGCONT");
      }
    },
    cpuMs: () => treeUse(child.pid)[0]?.cpuMs ?? Number.NaN,
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}
