// A runner of a test's town on the same host, as a far one: a process with a data directory and a network of its own.
import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { RunnerRight } from "../../protocol/index.ts";
import { Cable } from "../../scripts/torture/cable.ts";
import { repositoryRoot } from "../support/town-process.ts";
import { untilTopic, type WholeTown } from "../support/whole-town.ts";

const STOP_GRACE_MS = 20_000;

export interface FarRunner extends AsyncDisposable {
  pid: number;
  name: string;
  dataDir: string;
  /** What it reaches its town by. */
  cable: Cable;
  /** The exit code; null when a signal ended it. */
  ended: Promise<number | null>;
  /** What it printed so far. */
  printed(): string;
}

export interface Hiring {
  /** Searched for programs before this process's PATH. */
  pathFirst?: string;
  env?: Record<string, string>;
  /** What starts it: a command line before its own. */
  within?: readonly string[];
  /** What its token lets it have; all, unless given. */
  rights?: RunnerRight[];
  /** An earlier one whose data directory it takes over. */
  after?: FarRunner;
}

/** Starts a runner and waits until the town has it. */
export async function hireRunner(
  town: WholeTown,
  name: string,
  { pathFirst, env = {}, within = [], rights = ["model", "merge"], after }: Hiring = {},
): Promise<FarRunner> {
  const { token } = await town.client.call("token.create", {
    role: "runner",
    name,
    rights,
  });
  const cable = await Cable.lay(Number(new URL(town.process.ready.url).port));
  const dataDir = after?.dataDir ?? join(town.dir, name);
  await mkdir(dataDir, { mode: 0o700, recursive: true });
  const args = ["runner", "--town", `http://127.0.0.1:${cable.port}`, "--data", dataDir];
  const program = [join(repositoryRoot, "gastown"), ...args, "--slots", "2", "--name", name];
  const child = Bun.spawn([...within, ...program], {
    env: {
      ...process.env,
      HOME: join(town.dir, "home"),
      XDG_CONFIG_HOME: join(town.dir, "home"),
      PATH: [pathFirst, town.path].filter((part) => part).join(delimiter),
      // One that takes over has joined already.
      GASTOWN_TOKEN: after === undefined ? token : "",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  const read = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) printed += text;
    }),
  );
  const ended = Promise.all([child.exited, read]).then(([code]) =>
    child.signalCode === null ? code : null,
  );
  const runner: FarRunner = {
    ...{ pid: child.pid, name, dataDir, cable, ended },
    printed: () => printed,
    async [Symbol.asyncDispose]() {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
      const grace = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
      await ended;
      clearTimeout(grace);
      cable.close();
    },
  };
  const early = ended.then(() => {
    throw new Error(`the runner ended: ${printed}`);
  });
  try {
    await Promise.race([untilRunner(town, name, "connected", after), early]);
  } catch (error) {
    await runner[Symbol.asyncDispose]();
    throw error;
  }
  return runner;
}

/** Waits until the town says so of the runner; `after` one that has ended, of its next start. */
export async function untilRunner(
  town: WholeTown,
  name: string,
  wished: "connected" | "suspect" | "lost",
  after?: FarRunner,
): Promise<void> {
  await untilTopic(town, "town", (seen) =>
    seen.all("runner").find((runner) => {
      const isNext = after === undefined || runner.incarnation > 1;
      return runner.name === name && runner.state === wished && isNext;
    }),
  );
}
