// A runner without its town: what is short changes nothing, and what is long loses nothing and lands nothing twice.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { personGit } from "../support/git-rig.ts";
import { landedBeads, tipOf } from "../support/landed-sample.ts";
import { isLeftOut } from "../support/left-out.ts";
import { openWholeTown, untilLanded, untilTopic, type WholeTown } from "../support/whole-town.ts";
import { eventually } from "./eventually.ts";
import { hireRunner, untilRunner, type FarRunner } from "./far-runner.ts";
import { heldGit } from "./held-git.ts";
import { freeze, thaw } from "./host-processes.ts";
import { addRig, noteTaker, turnsOf, untilNoted, worksOf } from "./note-taker.ts";
import { hasHandedIn, isAtRest } from "./runner-disk.ts";
import { drawn, oneOfThem } from "../support/sample.ts";

const long = oneOfThem("cut off", 5);

const LIMIT_MS = 300_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");
/** A town that gives a silent runner up soon, but not for a busy host. */
const QUICK = {
  ...{ heartbeatMs: 500, leaseTtlMs: 8_000, runnerSuspectMs: 10_000, runnerLostMs: 15_000 },
  ...{ savedWorkPatienceMs: 0 },
};

function untilHandedIn({ dataDir }: FarRunner, runId: string): Promise<true> {
  return eventually("the work is handed in", () =>
    Promise.resolve(hasHandedIn(dataDir, runId) || undefined),
  );
}

for (const how of drawn("how a network goes", ["cut", "frozen"] as const))
  test.skipIf(needsAgent)(
    `[C6] [R3] a runner whose network is ${how} for shorter than its lease: the same run ends its work, and nothing is done again`,
    async () => {
      await using town = await openWholeTown({ args: ["--no-runner"], entries: noteTaker(1_000) });
      await using runner = await hireRunner(town, "far");
      const { remote, rigId } = await addRig(town, { codeReview: false });
      const { beadId, runId } = await untilNoted(town, rigId);
      if (how === "cut") runner.cable.cut();
      else runner.cable.freeze();
      await untilHandedIn(runner, runId);
      expect((await worksOf(town, beadId)).map(({ state }) => state)).toEqual(["running"]);
      runner.cable.mend();
      await untilLanded(town, beadId);
      expect(await worksOf(town, beadId)).toMatchObject([{ id: runId, outcome: "done" }]);
      expect(turnsOf(town).slice(0, 3)).toEqual([0, 1, 2]);
      expect(new Set(turnsOf(town)).size).toBe(turnsOf(town).length);
      expect(await landedBeads(remote)).toEqual([beadId]);
      expect(await personGit(remote, "show", "main:notes/1.md")).toBe("attempt 1");
    },
    LIMIT_MS,
  );

long(() =>
  test.skipIf(needsAgent)(
    "[C6] [C8] a connection that breaks in the middle of a frame, again and again: what was half said is said once more, and counts once",
    async () => {
      const policy = { heartbeatMs: 200 };
      await using town = await openWholeTown({
        ...{ args: ["--no-runner"], policy },
        entries: noteTaker(5_000),
      });
      await using runner = await hireRunner(town, "far");
      const { remote, rigId } = await addRig(town, { codeReview: false });
      const { beadId, runId } = await untilNoted(town, rigId);
      for (let times = 0; times < 5; times++) await runner.cable.halve();
      await untilLanded(town, beadId);
      expect(await worksOf(town, beadId)).toMatchObject([{ id: runId, outcome: "done" }]);
      expect(await landedBeads(remote)).toEqual([beadId]);
      const events = await town.client.call("run.events", { run: runId });
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
      expect((await town.client.call("town.status", {})).openEscalations).toBe(0);
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C6] [C20] [R3] a runner cut off until another has done its bead: what its agent finished meanwhile is kept, and not landed",
    async () => {
      await using town = await openWholeTown({
        ...{ args: ["--no-runner"], policy: QUICK },
        // The first agent hands in when its lease is over.
        entries: noteTaker(QUICK.leaseTtlMs + 2_000, { first: true }),
      });
      await using cutOff = await hireRunner(town, "cut-off");
      const { remote, rigId } = await addRig(town, { codeReview: false });
      const { beadId, runId } = await untilNoted(town, rigId);
      await using _other = await hireRunner(town, "other");
      cutOff.cable.cut();
      await untilHandedIn(cutOff, runId);
      await untilLanded(town, beadId);
      const tip = await tipOf(remote);
      expect(await personGit(remote, "ls-tree", "--name-only", "main", "notes/")).toBe(
        "notes/2.md",
      );

      cutOff.cable.mend();
      const kept = await untilTopic(town, `bead:${beadId}`, (state) =>
        state.all("run").find((run) => run.id === runId && run.savedWork?.remoteOid),
      );
      expect(kept).toMatchObject({ state: "ended", outcome: "lost" });
      const saved = kept.savedWork;
      expect(saved?.remoteOid).toBe(saved?.oid ?? "");
      expect(await personGit(remote, "show", `${saved?.ref}:notes/1.md`)).toBe("attempt 1");
      await untilAtRest(cutOff, town);
      expect(await tipOf(remote)).toBe(tip);
      expect(await landedBeads(remote)).toEqual([beadId]);
      expect((await worksOf(town, beadId)).map(({ outcome }) => outcome)).toEqual(["lost", "done"]);
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C6] [C20] [R3] a runner cut off until its run is given up: the next run begins with what the agent finished, which lands once",
    async () => {
      await using town = await openWholeTown({
        ...{ args: ["--no-runner"], policy: { ...QUICK, savedWorkPatienceMs: 600_000 } },
        // The first agent hands in when its lease is over.
        entries: noteTaker(QUICK.leaseTtlMs + 2_000, { first: true }),
      });
      await using runner = await hireRunner(town, "far");
      const { remote, rigId } = await addRig(town, { codeReview: false });
      const { beadId, runId } = await untilNoted(town, rigId);
      runner.cable.cut();
      await untilRunner(town, "far", "lost");
      await untilHandedIn(runner, runId);
      runner.cable.mend();
      await untilLanded(town, beadId);
      expect(await landedBeads(remote)).toEqual([beadId]);
      const works = await worksOf(town, beadId);
      expect(works.map(({ outcome }) => outcome)).toEqual(["lost", "done"]);
      for (const { attempt } of works)
        expect(await personGit(remote, "show", `main:notes/${attempt}.md`)).toBe(
          `attempt ${attempt}`,
        );
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[D2] [R3] a merge engine that is stopped before its push while another takes over: its push is refused by the lane, and the bead lands once",
    async () => {
      await using town = await openWholeTown({
        ...{ args: ["--no-runner"], policy: QUICK },
        entries: noteTaker(0),
      });
      const [stoppedGit, nextGit] = [
        await heldGit(join(town.dir, "git-stopped")),
        await heldGit(join(town.dir, "git-next")),
      ];
      await using stopped = await hireRunner(town, "stopped", { pathFirst: stoppedGit.binDir });
      const { remote, rigId } = await addRig(town, { codeReview: false });
      const { id: beadId } = await town.client.call("bead.sling", { rig: rigId, title: "Note it" });
      await stoppedGit.reached();
      const before = await tipOf(remote);
      await freeze(stopped.pid);
      await using _next = await hireRunner(town, "next", { pathFirst: nextGit.binDir });
      // The next engine has taken the lane, and has not moved the target yet.
      await nextGit.reached();
      expect(await tipOf(remote)).toBe(before);

      thaw(stopped.pid);
      await stoppedGit.letGo();
      const said = await stoppedGit.said();
      expect(said).toMatch(/^!\s\S+:refs\/gastown\/lane\/\S+\s\[(remote )?rejected\]/m);
      expect(said).not.toMatch(/^[ *+=]\s\S+:refs/m);
      expect(await tipOf(remote)).toBe(before);
      await nextGit.letGo();
      await untilLanded(town, beadId);
      expect(await landedBeads(remote)).toEqual([beadId]);
      await untilAtRest(stopped, town);
      expect(await landedBeads(remote)).toEqual([beadId]);
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[C6] [C16] [R3] a runner that calls the model through the town, cut off while the model thinks: the call waits for the town, the same run ends its work, and what nobody heard is counted",
    async () => {
      // After its start a town suspects nobody for as long as it takes to give one up.
      const policy = { heartbeatMs: 500, runnerSuspectMs: 3_000, runnerLostMs: 30_000 };
      await using town = await openWholeTown({
        ...{ args: ["--no-runner"], modelKey: "a-key-of-the-town", policy },
        entries: noteTaker(5_000),
      });
      await using runner = await hireRunner(town, "far", { rights: ["merge"] });
      const { remote, rigId } = await addRig(town, { codeReview: false });
      const { beadId, runId } = await untilNoted(town, rigId);
      runner.cable.cut();
      await untilRunner(town, "far", "suspect");
      runner.cable.mend();
      await untilLanded(town, beadId);
      const works = await worksOf(town, beadId);
      expect(works).toMatchObject([{ id: runId, outcome: "done" }]);
      expect(turnsOf(town)).toEqual([0, 1, 2, 2]);
      expect(works[0]?.usage.calls).toBe(
        town.calls.filter(({ role }) => role === "polecat").length,
      );
      expect(await landedBeads(remote)).toEqual([beadId]);
    },
    LIMIT_MS,
  ),
);

/** Waits until the runner is back, holds no run any more and has said all it had to say. */
async function untilAtRest(runner: FarRunner, town: WholeTown): Promise<void> {
  await untilRunner(town, runner.name, "connected");
  await eventually(`${runner.name} is at rest`, () =>
    Promise.resolve(isAtRest(runner.dataDir) || undefined),
  );
}
