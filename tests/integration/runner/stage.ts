/** A small town, a scripted model, a repository and a runner, made for one test and gone after it. */
import { appendFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HostGauge } from "../../../runner/host/host-gauge.ts";
import { createLog, type Log } from "../../../runner/log.ts";
import { startRunner, type Runner } from "../../../runner/main.ts";
import { scriptSchema, type ScriptInput } from "../../../scripted/script.ts";
import { startScriptedModel, type ScriptedModel } from "../../../scripted/server.ts";
import { makeRemote } from "../../support/git-rig.ts";
import { MODEL_KEY, SmallTown } from "./small-town.ts";

export interface Stage {
  town: SmallTown;
  dir: string;
  dataDir: string;
  remoteDir: string;
  model: ScriptedModel | null;
  start(more?: { slots?: number; host?: HostGauge }): Promise<Runner>;
  close(): Promise<void>;
}

export function quietLog(dir: string): Log {
  return createLog({
    level: "debug",
    now: Date.now,
    write: (line) => appendFileSync(join(dir, "runner.log"), line),
  });
}

export async function openStage(script?: ScriptInput): Promise<Stage> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), "gastown-runner-")));
  const dataDir = join(dir, "data");
  const remoteDir = join(dir, "remote.git");
  await makeRemote(remoteDir, { bare: true });
  const town = new SmallTown();
  const model =
    script === undefined
      ? null
      : startScriptedModel({ script: scriptSchema.parse(script), apiKey: MODEL_KEY });
  if (model !== null) town.modelUrl = model.url;
  const runners: Runner[] = [];
  return {
    ...{ town, dir, dataDir, remoteDir, model },
    async start({ slots = 2, host } = {}) {
      const runner = await startRunner({
        townUrl: town.url,
        version: "1.2.3",
        token: "runner-token",
        dataDir,
        slots,
        name: "test",
        local: true,
        log: quietLog(dir),
        ...(host && { host }),
      });
      runners.push(runner);
      return runner;
    },
    async close() {
      await Promise.all(runners.map((runner) => runner.stop("the test is over")));
      await model?.stop();
      await town.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
