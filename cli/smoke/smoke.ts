/** `gastown smoke --live`: a town of its own plans and lands two beads with a real model, and says what that took. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { smokeWish } from "../../demo/demo-script.ts";
import { createSampleRepository } from "../../demo/sample-repository.ts";
import type { CommandInput, CommandName, CommandValue } from "../../protocol/index.ts";
import type { TownCore } from "../../server/core.ts";
import { Complaint } from "../complaint.ts";
import { needGit } from "../doctor/toolchain.ts";
import { printNote } from "../output.ts";
import { untilStopped } from "../signals.ts";
import { superviseRunner } from "../up/local-runner.ts";
import { imagesOf, sceneOf, untilSettled } from "../up/once.ts";
import { claimDirectory, openHouse, type TownHouse } from "../up/open-town.ts";
import { defaultSlots } from "../up/slots.ts";
import { BEADS_WISHED, printReport, reportOf } from "./report.ts";
import { smokeOutcome } from "./verdict.ts";

export interface SmokeOptions {
  model: CommandInput<"model.set">;
  /** What all of it may spend. */
  usd: number;
  tokens: number;
  minutes: number;
  /** Which sample project. */
  seed: number;
  /** Kept afterwards; null: a folder of its own, which goes with all that is in it. */
  dataDir: string | null;
  isolationConfirmed: boolean;
  json: boolean;
}

const OWNER = { principal: "owner", actor: "person:owner" } as const;

/** @returns the exit code: 0 when two beads landed */
export async function smoke(options: SmokeOptions): Promise<number> {
  needGit();
  const stopped = untilStopped();
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const dataDir = options.dataDir ?? ownDirectory(closing);
    const claim = claimDirectory(dataDir);
    closing.push(() => claim.release());
    // The key of this town's secrets goes with it.
    const keyFile = options.dataDir === null ? { keyFile: join(dataDir, "sealing.key") } : {};
    const house = await openHouse(
      { dataDir, host: "127.0.0.1", port: 0, record: false, ...keyFile },
      null,
    );
    closing.push(() => house.stop());
    await furnish(house.core, options, dataDir);
    const runner = superviseRunner({
      url: house.edges.url,
      newToken: () => house.auth.renewToken("runner", "local").token,
      dataDir,
      slots: defaultSlots(),
      log: house.log,
    });
    closing.push(() => runner.stop());
    return await play(house, options, stopped);
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

function ownDirectory(closing: (() => void)[]): string {
  const dir = mkdtempSync(join(tmpdir(), "gastown-smoke-"));
  closing.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Model, budget and repository. What is wrong with the model is said before anything is begun. */
async function furnish(core: TownCore, options: SmokeOptions, dataDir: string): Promise<void> {
  if (imagesOf(core, "town", "rig").length > 0)
    throw new Complaint(`${dataDir} holds a town already. Name an empty folder with --data.`);
  const { model, usd, tokens } = options;
  const tested = await ask(core, "model.test", model);
  printNote(`gastown: ${tested.model} answered in ${tested.durationMs} ms.`);
  await ask(core, "model.set", model);
  await ask(core, "budget.set", { scope: "day", usd, tokens });
  const sample = await createSampleRepository({ dir: join(dataDir, "sample"), seed: options.seed });
  await ask(core, "rig.add", {
    name: sample.name,
    remote: sample.bare,
    target: sample.target,
    delivery: "merge",
    gates: [...sample.gates],
    isolationConfirmed: options.isolationConfirmed,
  });
}

async function play(
  house: TownHouse,
  options: SmokeOptions,
  stopped: Promise<string>,
): Promise<number> {
  const { core } = house;
  const begunMs = performance.now();
  await ask(core, "mayor.say", { text: smokeWish(options.seed) });
  printNote(`gastown: the Mayor was asked for ${BEADS_WISHED} beads.`);
  const reason = await untilOver(core, options, stopped);
  const [town] = imagesOf(core, "town", "town");
  if (town === undefined) throw new Error("the town has no image of itself");
  const seconds = (performance.now() - begunMs) / 1000;
  const report = reportOf(core, town, { reason, model: options.model.model, seconds });
  printReport(report, options.json);
  return report.ok ? 0 : 1;
}

/** Why it ended, or null when everything is done. */
async function untilOver(
  core: TownCore,
  { minutes, isolationConfirmed }: SmokeOptions,
  stopped: Promise<string>,
): Promise<string | null> {
  const waiting = new AbortController();
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(
    () => late.resolve(`It was not done after ${minutes} minutes. ${underWay(core)}`.trim()),
    minutes * 60_000,
  );
  const settled = untilSettled(core, waiting.signal, () =>
    smokeOutcome({
      ...sceneOf(core),
      town: imagesOf(core, "town", "town")[0] ?? null,
      runners: imagesOf(core, "town", "runner"),
      isolationConfirmed,
    }),
  );
  const signalled = stopped.then((signal) => `It was stopped (${signal}).`);
  const end = await Promise.race([settled, late.promise, signalled]);
  clearTimeout(timer);
  if (typeof end !== "string") return end.end === "stuck" ? end.reason : null;
  const ended = settled.catch(() => null);
  waiting.abort(new Error("the smoke is over"));
  await ended;
  return end;
}

function underWay(core: TownCore): string {
  const open = imagesOf(core, "board", "issue").filter(({ status }) => status !== "closed");
  return open.map(({ title, wait, status }) => `"${title}": ${wait?.text ?? status}.`).join(" ");
}

async function ask<N extends CommandName>(
  core: TownCore,
  name: N,
  body: CommandInput<N>,
): Promise<CommandValue<N>> {
  const ack = await core.call(name, body, OWNER);
  if (!ack.ok) throw new Complaint(ack.error.message);
  return ack.value as CommandValue<N>;
}
