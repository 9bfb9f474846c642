/** A runner as a person starts it on another host: `./gastown runner` as a process, in a data directory of its own. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "./town-process.ts";
import type { WholeTown } from "./whole-town.ts";

export interface RunnerProcess extends AsyncDisposable {
  name: string;
  dataDir: string;
  pid: number;
  /** Removes its disk. */
  wipe(): Promise<void>;
}

const GRACE_MS = 20_000;

/** Joins the town with a token of its own. What it prints is the test's. */
export async function startRunnerProcess(town: WholeTown, name: string): Promise<RunnerProcess> {
  const { token } = await town.client.call("token.create", {
    role: "runner",
    name,
    rights: ["model", "merge"],
  });
  const home = join(town.dir, `home-${name}`);
  const dataDir = join(town.dir, name);
  await mkdir(home);
  const child = Bun.spawn(
    [
      join(repositoryRoot, "gastown"),
      ...["runner", "--town", town.process.ready.url, "--data", dataDir],
      ...["--slots", "2", "--name", name],
    ],
    {
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, GASTOWN_TOKEN: token },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  return {
    name,
    dataDir,
    pid: child.pid,
    wipe: () => rm(dataDir, { recursive: true, force: true }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
      await child.exited;
      clearTimeout(late);
    },
  };
}
