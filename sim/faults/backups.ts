/** The town's data is not what it was: an old backup in its place, or rows that somebody changed by hand. */
import { RUNNER_RIGHTS } from "../../protocol/entities/runner-rights.ts";
import type { Play } from "../play/play.ts";
import type { TownDatabases } from "../town/databases.ts";
import { FIGURES } from "./people/town.ts";
import { again, type Fault, type FaultWorld } from "./fault.ts";

export const dataFaults: readonly Fault[] = [
  { name: "restore", group: "data", begin: restore },
  { name: "by-hand", group: "data", begin: byHand },
];

/** The town is down for so long at most. */
const DOWN_MS_MAX = 20_000;
/** Longer than that: then people look at the town that came back. */
const LOOK_MS = 50_000;

/** Whoever restores a backup loses what the town has acknowledged since. */
function restore(world: FaultWorld): void {
  const { play, random } = world;
  const backups: Uint8Array[] = [];
  again(world, "a backup is made", 60_000, () => {
    const rigs = [...play.view.rigs.values()];
    // Nobody takes back a rig that was on its way into the trash, and came back from there.
    const isWhole =
      rigs.length === play.rigs.length && rigs.every(({ deletion }) => deletion === null);
    if (play.town.isUp && isWhole) backups.push(play.town.databases.backup());
  });
  again(world, "a backup is put back", 400_000, () => {
    const backup = backups[random.below(backups.length)];
    if (backup === undefined || !play.town.isUp) return;
    world.fired();
    play.world.trace.say("person", "puts a backup of the town back");
    play.replaceData((databases) => databases.restore(backup), random.below(DOWN_MS_MAX));
    play.wasRestored = true;
    setRight(play);
  });
}

/** What people had set right already is as it was: they do so once more. */
function setRight(play: Play): void {
  play.world.after(LOOK_MS, "people look at the town", () => {
    // There is nothing to see of a town that is down.
    if (play.view.rigs.size > 0) wishAgain(play);
    else setRight(play);
  });
}

function wishAgain({ people, taken, view }: Play): void {
  const wishes: (readonly [string, object])[] = [
    ["town.resume", {}],
    ...FIGURES.map(([key]) => ["settings.unset", { key }] as const),
    ...["day", "run", "bead"].map((scope) => ["budget.set", { scope, tokens: null }] as const),
  ];
  for (const runner of view.runners.keys()) {
    wishes.push(["runner.resume", { runner }]);
    wishes.push(["runner.rights", { runner, rights: RUNNER_RIGHTS }]);
  }
  for (const rig of view.rigs.keys()) wishes.push(["rig.update", { rig, set: { labels: [] } }]);
  // Also those that are in the trash now, when they are back.
  for (const bead of taken) wishes.push(["bead.give", { bead, work: null }]);
  for (const { id, held } of view.issues.values()) {
    if (held) wishes.push(["bead.release", { bead: id }]);
    wishes.push(["budget.set", { scope: "bead", of: id, tokens: null }]);
  }
  for (const { id, state } of view.convoys.values()) {
    if (state === "staged") wishes.push(["convoy.start", { convoy: id }]);
    wishes.push(["convoy.resume", { convoy: id }]);
  }
  for (const { id, state } of view.molecules.values())
    if (state === "staged") wishes.push(["molecule.start", { molecule: id }]);
  for (const wish of wishes) people.wish(...wish);
}

/** Somebody ends a run with another program, and forgets that something waits for it. */
function byHand(world: FaultWorld): void {
  const { play, random } = world;
  again(world, "a row is changed by hand", 400_000, () => {
    if (!play.town.isUp) return;
    world.fired();
    play.world.trace.say("person", "changes a row of the town's data by hand");
    const atMs = play.townClock.now();
    const change = (databases: TownDatabases) =>
      databases.alter((query) => {
        const live = query(LIVE_RUNS);
        const run = live[random.below(live.length)];
        if (run !== undefined)
          for (const sql of END_RUN) query(sql, { $run: String(run["id"]), $at: atMs });
      });
    play.replaceData(change, random.below(DOWN_MS_MAX));
  });
}

const LIVE_RUNS = "select id from runs where state <> 'ended' order by id";
const AGENT = "(select agent_id from runs where id = $run and $at > 0)";
const END_RUN = [
  `update beads set status = 'open' where id = ${AGENT}`,
  `update beads set assignee_id = null where assignee_id = ${AGENT}`,
  `update agents set run_id = null, work_bead_id = null where bead_id = ${AGENT}`,
  `update runs set state = 'ended', outcome = 'lost', ended_at = $at, settled_at = $at,
     reason = '{"code":"by_hand","message":"ended by hand","source":"person"}' where id = $run`,
];
