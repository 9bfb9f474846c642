// A runner of a whole town as a process of its own, with a data directory of its own: it joins by a token, as any other host.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunnerRight } from "../../../protocol/index.ts";
import { untilTopic, type WholeTown } from "../../support/whole-town.ts";

const main = join(import.meta.dir, "..", "..", "..", "main.ts");

export interface HiredRunner extends AsyncDisposable {
  id: string;
  name: string;
  token: { id: string; token: string };
  process: Bun.Subprocess<"ignore", "pipe", "pipe">;
  dataDir: string;
}

/** Starts a runner and waits until the town has greeted it. It is killed at the end of the scope if it still runs. */
export async function hireRunner(
  town: WholeTown,
  name: string,
  rights: RunnerRight[] = ["model", "merge"],
): Promise<HiredRunner> {
  const dataDir = join(town.dir, name);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const token = await town.client.call("token.create", {
    role: "runner",
    name,
    rights,
  });
  const child = Bun.spawn(
    [
      ...[process.execPath, main, "runner", "--town", town.process.ready.url],
      ...["--data", dataDir, "--name", name, "--slots", "2"],
    ],
    {
      env: {
        ...process.env,
        ...{ HOME: join(town.dir, "home"), PATH: town.path },
        GASTOWN_TOKEN: token.token,
      },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const { id } = await untilTopic(town, "town", (state) =>
    state.all("runner").find((runner) => runner.name === name && runner.state === "connected"),
  );
  return {
    ...{ id, name, token, process: child, dataDir },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
