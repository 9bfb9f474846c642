// Runners on hosts that are not well: a clock that is off, a lid that is closed, a disk that is full.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { personGit } from "../support/git-rig.ts";
import { landedBeads } from "../support/landed-sample.ts";
import { isLeftOut } from "../support/left-out.ts";
import { openWholeTown, untilLanded, untilTopic } from "../support/whole-town.ts";
import { hireRunner, untilRunner } from "./far-runner.ts";
import { freezeHost } from "./host-processes.ts";
import { addRig, noteTaker, untilNoted, worksOf } from "./note-taker.ts";
import { smallDisk } from "./small-disk.ts";
import { drawn, oneOfThem } from "../support/sample.ts";

const long = oneOfThem("trouble of a host", 2);

const LIMIT_MS = 300_000;
const HOUR_MS = 3_600_000;
const GIB = 1024 ** 3;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

/** A clock that a runner is given; `set` moves it while it runs. */
async function clockIn(dir: string, offsetMs: number) {
  const file = join(dir, "clock");
  const set = (ms: number): Promise<void> => writeFile(file, `${ms}`);
  await set(offsetMs);
  const preload = join(import.meta.dir, "shifted-clock.ts");
  return { set, env: { GASTOWN_TEST_CLOCK: file, BUN_OPTIONS: `--preload=${preload}` } };
}

for (const [name, offsetMs] of drawn("where a clock is", [
  ["ahead", HOUR_MS],
  ["behind", -HOUR_MS],
] as const))
  test.skipIf(needsAgent)(
    `[R6] [C6] a runner whose clock is an hour ${name} works, reviews and merges like any other, at once`,
    async () => {
      await using town = await openWholeTown({ args: ["--no-runner"], entries: noteTaker(0) });
      const clock = await clockIn(town.dir, offsetMs);
      await using runner = await hireRunner(town, "off", { env: clock.env });
      const { remote, rigId } = await addRig(town);
      const begunAt = Date.now();
      const bead = await town.client.call("bead.sling", { rig: rigId, title: "Note it" });
      const landed = await untilLanded(town, bead.id);
      expect(await landedBeads(remote)).toEqual([bead.id]);
      const { runs, events } = await town.client.call("bead.get", { bead: bead.id });
      const ends = runs.map(({ kind, outcome, reason }) => ({ kind, outcome, reason }));
      expect(ends).toEqual(runs.map(({ kind }) => ({ kind, outcome: "done", reason: null })));
      // What is recorded has the town's time; only the commits have their maker's.
      const times = [
        landed.updatedAt,
        ...runs.map(({ endedAt }) => endedAt ?? 0),
        ...events.map(({ at }) => at),
      ];
      for (const at of times) expect(Math.abs(at - begunAt)).toBeLessThan(LIMIT_MS);
      const committed = Number(await personGit(remote, "log", "-1", "--format=%ct", "main")) * 1000;
      expect(Math.abs(committed - begunAt - offsetMs)).toBeLessThan(LIMIT_MS);
      expect(runner.printed()).not.toContain("Error");
    },
    LIMIT_MS,
  );

long(() =>
  test.skipIf(needsAgent)(
    "[R6] [C6] a laptop whose lid is closed for an hour: its run is given up with its reason, what its agent had is kept, and the bead lands once",
    async () => {
      const policy = {
        ...{ heartbeatMs: 500, leaseTtlMs: 8_000, runnerSuspectMs: 10_000, runnerLostMs: 15_000 },
        savedWorkPatienceMs: HOUR_MS,
      };
      await using town = await openWholeTown({
        ...{ args: ["--no-runner"], policy },
        // The first agent is in the middle of its work when the lid is closed.
        entries: noteTaker(60_000, { first: true }),
      });
      const clock = await clockIn(town.dir, 0);
      await using runner = await hireRunner(town, "laptop", { env: clock.env });
      const { remote, rigId } = await addRig(town);
      const { beadId, runId } = await untilNoted(town, rigId);
      const wake = await freezeHost(runner);
      await clock.set(HOUR_MS);
      await untilRunner(town, "laptop", "lost");
      wake();
      await untilLanded(town, beadId);
      expect(await landedBeads(remote)).toEqual([beadId]);
      const works = await worksOf(town, beadId);
      expect(works.map(({ outcome }) => outcome)).toEqual(["lost", "done"]);
      expect(works[0]?.id).toBe(runId);
      expect(works[0]?.reason?.message).toMatch(/silent|lost|heard/i);
      // What the first agent had is kept.
      const kept = await untilTopic(town, `bead:${beadId}`, (state) =>
        state.all("run").find((run) => run.id === runId && run.savedWork?.remoteOid),
      );
      expect(await personGit(remote, "show", `${kept.savedWork?.ref}:notes/1.md`)).toBe(
        "attempt 1",
      );
      const { bead } = await town.client.call("bead.get", { bead: beadId });
      expect(bead).toMatchObject({ workAttempts: 0, startFailures: 0 });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[R6] [C21] a runner whose disk is full ends with a sentence, takes nothing while there is little room and says why, and goes on when there is",
    async () => {
      await using town = await openWholeTown({
        args: ["--no-runner"],
        entries: noteTaker(20_000, { first: true }),
        policy: { heartbeatMs: 500 },
      });
      const dir = join(town.dir, "small");
      await using disk = await smallDisk(dir);
      const hired = await hireRunner(town, "small", { within: disk.within });
      await using _hired = hired;
      const { remote, rigId } = await addRig(town);
      const { beadId } = await untilNoted(town, rigId);
      await disk.leave(0);
      expect(await hired.ended).toBe(1);
      expect(hired.printed()).toMatch(
        /The runner's disk fails \(.*full.*\).*Make room.*next start/s,
      );

      await disk.leave(200 * 1024 ** 2);
      await using _next = await hireRunner(town, "small", { within: disk.within, after: hired });
      const wait = await untilTopic(town, `bead:${beadId}`, (state) =>
        state.all("issue").find((issue) => /of disk are free/.test(issue.wait?.text ?? "")),
      );
      expect(wait.status).toBe("open");
      await disk.leave(4 * GIB);
      await untilLanded(town, beadId);
      expect(await landedBeads(remote)).toEqual([beadId]);
      const { bead } = await town.client.call("bead.get", { bead: beadId });
      expect(bead).toMatchObject({ workAttempts: 0, startFailures: 0 });
      expect((await worksOf(town, beadId)).map(({ outcome }) => outcome)).toEqual(["lost", "done"]);
    },
    LIMIT_MS,
  ),
);
