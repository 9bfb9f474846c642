/** Plays one scenario under its faults to its rest, with every checker; returns what was seen. */
import { Checks } from "../check/checks.ts";
import { allSettled, checkRest } from "../check/rest.ts";
import { crashItem, faultItem } from "../check/coverage.ts";
import { checkPurged } from "../check/trash.ts";
import { Violation } from "../check/violation.ts";
import type { FaultGroup } from "../faults/fault.ts";
import { faults } from "../faults/registry.ts";
import { SimRandom } from "../random.ts";
import { Play } from "./play.ts";
import type { Scenario } from "./scenario.ts";

/** From the end of the faults to that of the world's patience: longer than any limit of a run. */
const REST_MS = 8 * 3_600_000;
/** After the last bead: the loop's pass over everything comes in this time. */
const QUIET_MS = 120_000;
/** Under infrastructure faults alone; one bead of a small play may be held up. */
const UNAIDED_MIN = 0.99;

export interface Seen {
  violation: { checker: string; message: string } | null;
  steps: number;
  hash: string;
  /** Items of the coverage. */
  covered: ReadonlyMap<string, number>;
  lines: string[];
}

export function runSeed(scenario: Scenario): Seen {
  const play = new Play(scenario);
  const checks = new Checks(play);
  beginFaults(play, scenario, (name, at) => {
    checks.count(faultItem(name));
    if (at !== undefined) checks.count(crashItem(at));
  });
  checks.excuse = excuses(scenario.faults);
  checks.acting = {
    people: hasFault(scenario.faults, "people") || hasFault(scenario.faults, "data"),
    agents: hasFault(scenario.faults, "agent"),
  };
  checks.isSteady = !faults.some(
    ({ name, group }) => scenario.faults.includes(name) && group !== "agent" && group !== "people",
  );
  let violation: Seen["violation"] = null;
  try {
    playOut(play, checks, scenario);
  } catch (bug) {
    const checker = bug instanceof Violation ? bug.checker : "threw";
    const message = bug instanceof Violation ? bug.message : String((bug as Error).stack ?? bug);
    violation = { checker, message };
  }
  play.close();
  const { steps, trace } = play.world;
  return { violation, steps, hash: trace.hash, covered: checks.seen, lines: trace.lines() };
}

function beginFaults(
  play: Play,
  scenario: Scenario,
  fired: (name: string, at?: string) => void,
): void {
  const isActive = () => play.world.nowMs < scenario.activeMs;
  for (const { name, begin } of faults) {
    if (!scenario.faults.includes(name)) continue;
    const random = new SimRandom(Number(Bun.hash(`${name} ${scenario.seed}`) % 2n ** 32n));
    begin({ play, random, fired: (at) => fired(name, at), isActive, pace: scenario.pace ?? 1 });
  }
}

/** What the log says of a fault is no fault of the town's. */
function excuses(names: readonly string[]): Checks["excuse"] {
  const isFull = names.includes("disk-full");
  const isForgetful = names.includes("restore");
  const cannotSave = names.includes("repositories-full");
  return (_who, message) =>
    (isForgetful && message === "a fact could not be applied") ||
    (cannotSave && message === "a run's tree was kept") ||
    (isFull &&
      /disk|tick failed|an effect failed|could not be|frame failed|run failed/.test(message));
}

function playOut(play: Play, checks: Checks, { activeMs, faults: names }: Scenario): void {
  const { world } = play;
  world.run(() => false, activeMs);
  let looked = "";
  const settled = () => {
    const now = `${checks.looks} ${play.people.served} ${play.beads.size}`;
    if (now === looked) return false;
    looked = now;
    return allSettled(play, checks);
  };
  const areAwake = () =>
    play.town.isUp &&
    !play.townClock.isFrozen &&
    play.runners.every(
      (runner) => runner.host.isAwake && !runner.clock.isFrozen && !play.hooks.isCut(runner),
    );
  // What waited for the end of another bead may go on when the last host is up again; and a fault that was
  // aimed before the faults stopped may strike a runner that starts so late.
  let hasFallen = false;
  do {
    looked = "";
    if (!world.run(settled, activeMs + REST_MS))
      throw new Violation("liveness", unsettled(play, checks));
    if (!world.run(areAwake, world.nowMs + REST_MS))
      throw new Violation("liveness", "A host did not come up again.");
    hasFallen = world.run(() => !areAwake(), world.nowMs + QUIET_MS);
  } while (hasFallen || !allSettled(play, checks));
  const isAided = (["people", "agent", "data"] as const).some((group) => hasFault(names, group));
  checkRest(play, checks, isAided ? 0 : UNAIDED_MIN);
  checkPurged(play);
  checkPreview(play);
}

function hasFault(names: readonly string[], group: FaultGroup): boolean {
  return faults.some((fault) => fault.group === group && names.includes(fault.name));
}

function unsettled(play: Play, { view }: Checks): string {
  const left = [...play.beads.values()].flatMap((id) => {
    const issue = view.issues.get(id);
    if (issue?.status === "closed" || issue?.status === "failed") return [];
    const wait = issue?.wait ?? view.reviews.get(issue?.reviewId ?? "")?.wait;
    return [`${id} is ${issue?.status ?? "unknown"}: ${wait?.text ?? "no wait"}`];
  });
  return `${left.length} beads did not come to an end: ${left.join("; ")}`;
}

/** A town at rest has nothing to do. */
function checkPreview(play: Play): void {
  play.world.finishMoment();
  let steps: { rule: string; key: string }[] | null = null;
  void play.town.ask("reconcile.preview", {}).then((ack) => {
    if (ack?.ok === true) ({ steps } = ack.value as { steps: { rule: string; key: string }[] });
  });
  play.world.run(() => steps !== null, play.world.nowMs + 1_000);
  const left = (steps ?? []) as { rule: string; key: string }[];
  if (left.length > 0)
    throw new Violation("preview-empty", left.map(({ rule, key }) => `${rule} ${key}`).join("; "));
}
