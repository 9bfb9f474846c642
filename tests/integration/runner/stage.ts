/** A small town, a scripted model, a repository and a runner, made for one test and gone after it. */
import { appendFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { HostGauge } from "../../../runner/host/host-gauge.ts";
import { createLog, type Log } from "../../../runner/log.ts";
import { startRunner, type Runner } from "../../../runner/main.ts";
import { scriptSchema, type ScriptInput } from "../../../scripted/script.ts";
import { startScriptedModel, type ScriptedModel } from "../../../scripted/server.ts";
import type { AgentProgram } from "../../../protocol/index.ts";
import { buildAgent } from "../../../scripts/torture/agent/build-agent.ts";
import { makeRemote } from "../../support/git-rig.ts";
import { type Agents, agentsFor } from "../../support/sample.ts";
import { MODEL_KEY, SmallTown } from "./small-town.ts";

export interface Stage {
  town: SmallTown;
  dir: string;
  dataDir: string;
  remoteDir: string;
  model: ScriptedModel | null;
  /** What agents run. */
  program: AgentProgram;
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

/** `agents` are what runs that are offered by `offerWork` have. */
export async function openStage(
  script?: ScriptInput,
  agents: Agents = agentsFor(JSON.stringify(script)),
): Promise<Stage> {
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
  const givenPath = process.env["PATH"];
  if (script !== undefined && agents === "scripted") {
    await buildAgent(dir);
    process.env["PATH"] = [dir, givenPath].join(delimiter);
  }
  return {
    ...{ town, dir, dataDir, remoteDir, model },
    program: agents === "kilo" ? "kilo" : "opencode",
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
      process.env["PATH"] = givenPath;
      await rm(dir, { recursive: true, force: true });
    },
  };
}
