/** The demo: a sample repository, a scripted model and a wish, the same again at every start on its data directory. */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { demoScript, twoBeadScript, type DemoPlan } from "../../demo/demo-script.ts";
import { DEMO_POLICY } from "../../demo/policy.ts";
import { readDemoRecord, scriptOf, writeDemoRecord, type DemoRecord } from "../../demo/record.ts";
import { createSampleRepository } from "../../demo/sample-repository.ts";
import { SAMPLE_GATES } from "../../demo/project-files.ts";
import { themeOf } from "../../demo/theme.ts";
import { startScriptedModel, type ScriptedModel } from "../../scripted/server.ts";
import type { AnyImage, CommandInput, CommandName, Topic } from "../../protocol/index.ts";
import type { TownCore } from "../../server/core.ts";
import { Complaint } from "../complaint.ts";

const OWNER = { principal: "owner", actor: "person:owner" } as const;
/** Seeds are shown and typed by people. */
const SEED_MAX = 1_000_000;

export interface DemoTown {
  record: DemoRecord;
  /** Null when only the model is scripted and the work is the person's own. */
  plan: DemoPlan | null;
  model: ScriptedModel;
  policy: typeof DEMO_POLICY;
}

/**
 * What the data directory's record says, or with `wanted` a new demo. Null: this is no demo.
 * @throws Complaint when the directory holds another town, or a record that cannot be read
 */
export async function openDemo(
  dataDir: string,
  wanted: boolean,
  seed: number | undefined,
): Promise<DemoTown | null> {
  const read = await readDemoRecord(dataDir);
  if (!read.ok) throw new Complaint(read.error.message);
  if (read.record === null && !wanted) return null;
  if (read.record === null && existsSync(join(dataDir, "town.db"))) {
    throw new Complaint(
      `${dataDir} holds a town that is no demo. Choose a new directory with --data.`,
    );
  }
  const record = read.record ?? (await newRecord(dataDir, seed));
  const model = startScriptedModel({ script: scriptOf(record) });
  return { record, plan: planOf(record), model, policy: DEMO_POLICY };
}

/** The record is written last: what a start that was cut off before it has left is made anew. */
async function newRecord(dataDir: string, wantedSeed: number | undefined): Promise<DemoRecord> {
  const seed = wantedSeed ?? 1 + Math.floor(Math.random() * SEED_MAX);
  const dir = join(dataDir, "sample");
  await rm(dir, { recursive: true, force: true });
  const { bare } = await createSampleRepository({ dir, seed });
  const record: DemoRecord = { seed, script: "demo", repository: bare };
  await writeDemoRecord(dataDir, record);
  return record;
}

function planOf(record: DemoRecord): DemoPlan | null {
  if (record.repository === null) return null;
  if (record.script === "demo") return demoScript(record.seed);
  return record.script === "two-beads" ? twoBeadScript(record.seed) : null;
}

/** Adds the rig and says the wish, each unless it is there already: a start goes on where the last one ended. */
export async function playDemo(core: TownCore, demo: DemoTown): Promise<void> {
  const { plan, record } = demo;
  if (plan === null || record.repository === null) return;
  if (!has(core, "town", (item) => item.kind === "rig")) {
    await ask(core, "rig.add", {
      name: themeOf(record.seed).slug,
      remote: record.repository,
      target: "main",
      delivery: "merge",
      gates: [...SAMPLE_GATES],
      directMergeConfirmed: true,
      // The scripted model's agents do what the script says and nothing else.
      isolationConfirmed: true,
    });
  }
  if (!has(core, "mayor", (item) => item.kind === "chat" && item.value?.kind === "person")) {
    await ask(core, "mayor.say", { text: plan.wish });
  }
}

function has(core: TownCore, topic: Topic, fits: (item: AnyImage) => boolean): boolean {
  const state = core.topic(topic);
  return state.ok && state.value.items.some(fits);
}

async function ask<N extends CommandName>(
  core: TownCore,
  name: N,
  body: CommandInput<N>,
): Promise<void> {
  const ack = await core.call(name, body, OWNER);
  if (!ack.ok) throw new Complaint(`The demo cannot begin: ${ack.error.message}`);
}
