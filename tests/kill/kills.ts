// Whatever is killed, whenever: the next start brings the work to its end, once.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Summary } from "../../cli/up/once.ts";
import { gateCodes, landedBeads, markerCounts } from "../support/landed-sample.ts";
import { isLeftOut } from "../support/left-out.ts";
import { drawn } from "../support/sample.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTown, type TownProcess } from "../support/town-process.ts";
import { ChangeFeed } from "./change-feed.ts";
import { eventually } from "./eventually.ts";
import { remains } from "./host-processes.ts";
import { MOMENTS, VICTIMS, type Moment } from "./scene.ts";
import { slowRemote } from "./slow-remote.ts";
import { prepareTwoBeads, type TwoBeads } from "./two-beads.ts";

/** Of a start that brings two beads to their end. */
const END_PATIENCE_MS = 150_000;
/** Of each log, of a town that does not end. */
const TOLD_LINES = 60;
const SEED = Number(process.env["GASTOWN_TEST_SEED"] ?? "0");
/** Feature ids of what mends each victim's end. */
const FEATURES = { town: "C6 D2", runner: "C6 D2", "kilo serve": "B1 C6" } as const;

/** Registers the tests of one victim: a file for each, so that they can be run side by side. */
export function testKillsOf(victim: keyof typeof VICTIMS): void {
  for (const moment of drawn(victim, MOMENTS)) {
    test.skipIf(isLeftOut("agent"))(
      `[Done-3 ${FEATURES[victim]}] a SIGKILL of the ${victim}, ${moment.name}: the next start lands each bead once`,
      async () => {
        await using dir = await tempDir("kill");
        const play = await prepareTwoBeads(dir.path, SEED);
        const beads = await playUntilKilled(dir.path, play, victim, moment);
        await expectGoodEnd(dir.path, play, beads);
      },
    );
  }
}

/** Returns the beads that the town knew when it ended. */
async function playUntilKilled(
  dataDir: string,
  play: TwoBeads,
  victim: keyof typeof VICTIMS,
  moment: Moment,
): Promise<string[]> {
  const remote = await slowRemote(play.sample.bare, moment.held);
  await using town = await startTown({ args: ["--data", dataDir] });
  await using feed = await ChangeFeed.open(dataDir);
  const scene = { dataDir, play, town, feed, remote };
  const agentRun = await moment.reach(scene);
  await VICTIMS[victim](scene, agentRun);
  expect(await town.exited).toBeNull();
  return feed.all("issue").map(({ id }) => id);
}

async function expectGoodEnd(dataDir: string, play: TwoBeads, beads: string[]): Promise<void> {
  await using town = await startTown({ args: ["--once", "--data", dataDir] });
  const code = await endOf(town, dataDir);
  const summary = JSON.parse(town.lines.at(-1) ?? "null") as Summary | null;
  expect(summary).toMatchObject({ ok: true, reason: null, beads: 2, merges: 2 });
  expect(code).toBe(0);
  expect((await landedBeads(play.sample.bare)).toSorted()).toEqual(beads.toSorted());
  expect(await markerCounts(play.sample.bare, play.beads)).toEqual([1, 1]);
  expect(await gateCodes(play.sample.bare)).toEqual([
    ["tests", 0],
    ["lint", 0],
  ]);
  await eventually(
    "nothing of the town lives on",
    async () => (await remains(dataDir)).length === 0 || undefined,
    10_000,
  );
}

/** The exit code. Throws with what the town waits for when it does not end. */
async function endOf(town: TownProcess, dataDir: string): Promise<number | null> {
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), END_PATIENCE_MS);
  const first = await Promise.race([town.exited, late.promise]);
  clearTimeout(timer);
  if (first !== "late") return first;
  const told = ["runner.log", "town.log"].map((name) => lastLines(join(dataDir, "logs", name)));
  throw new Error(`the town does not end:\n${told.join("\n\n")}\n${town.stderr()}`);
}

function lastLines(path: string): string {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-TOLD_LINES).join("\n");
}
