// One torture: a town, its runners and their agents as processes of their own, and what befalls them.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../runner/process/free-port.ts";
import { findStrays } from "../../runner/process/find-strays.ts";
import { markOwner } from "../../runner/process/mark.ts";
import { startScriptedModel } from "../../scripted/server.ts";
import { defaultScript } from "../../scripted/default-script.ts";
import { SimRandom } from "../../sim/random.ts";
import { makeRepository } from "../../tests/integration/town/repositories.ts";
import { tempDir } from "../../tests/support/temp-dir.ts";
import type { TortureArguments } from "./arguments.ts";
import { piecesOf, slingAll, untilEnded } from "./beads.ts";
import { Cable } from "./cable.ts";
import { Torturer, type Runner } from "./faults.ts";
import { Keeper } from "./keeper.ts";
import { Person } from "./person.ts";
import { scoreOf } from "./score.ts";

export interface Scorecard extends TortureArguments {
  landed: number;
  /** What was lost, done twice, or left behind: a sentence each. */
  faults: string[];
  /** How often each fault was played. */
  played: Record<string, number>;
  starts: Record<string, number>;
  seconds: number;
}

const SLOTS = 2;
/** Of the time with faults: the last beads are slung when a third of it is left. */
const SLING_PART = 2 / 3;
const READY_MS_MAX = 60_000;
const STOP_GRACE_MS = 40_000;
const RESTART_MS_MAX = 3_000;

/** Everything it starts has ended, and everything it made is gone, when it returns. */
export async function torture(
  root: string,
  wish: TortureArguments,
  tell: (line: string) => void,
): Promise<Scorecard> {
  await using dir = await tempDir("torture");
  const begunMs = performance.now();
  const random = new SimRandom(wish.seed);
  const draw = () => random.unit();
  const closing: (() => unknown)[] = [];
  try {
    const bin = await buildAgent(dir.path);
    const model = startScriptedModel({ script: { ...defaultScript, defaults: PACE } });
    closing.push(() => model.stop());
    const place = { root, dir: dir.path, bin, restartMs: () => draw() * RESTART_MS_MAX };
    const port = freePort();
    const dataDir = join(dir.path, "town");
    const town = keepTown(place, dataDir, port);
    closing.push(() => town.stop(STOP_GRACE_MS));
    const person = new Person(dataDir);
    closing.push(() => person.close());
    const rigs = await furnish(person, dir.path, model.url);
    const runners = await hire(person, place, port, wish.runners, closing);
    tell(`${runners.length} runners have joined`);

    const quietFromMs = performance.now() + wish.faultsMs;
    const torturer = new Torturer({ town, runners }, draw);
    closing.push(() => torturer.bringBack());
    const pieces = piecesOf(wish.beads, wish.seed, rigs);
    const tortured = torturer.run(quietFromMs);
    await slingAll(person, pieces, wish.faultsMs * SLING_PART);
    tell("all beads are slung");
    await tortured;
    tell("the rest is quiet");
    const beads = await untilEnded(person, quietFromMs + wish.quietMsMax, tell);
    const score = await scoreOf(pieces, beads, rigs.bares);
    const left = await endAll(town, runners, person);
    return {
      ...wish,
      landed: score.landed,
      faults: [...score.faults, ...left],
      played: Object.fromEntries(torturer.played),
      starts: Object.fromEntries(
        [town, ...runners.map(({ keeper }) => keeper)].map(({ name, starts }) => [name, starts]),
      ),
      seconds: Math.round((performance.now() - begunMs) / 1000),
    };
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

/** Quick enough for hundreds of beads, slow enough to be killed in every phase. */
const PACE = { ...defaultScript.defaults, pauseMs: 400 };

interface Place {
  root: string;
  dir: string;
  /** Folder with the scripted agent, under OpenCode's name. */
  bin: string;
  restartMs: () => number;
}

async function buildAgent(dir: string): Promise<string> {
  const bin = join(dir, "bin");
  await mkdir(bin);
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "agent", "agent.ts")],
    compile: { outfile: join(bin, "opencode") },
    throw: false,
  });
  if (!built.success) throw new Error(built.logs.map(({ message }) => message).join("\n"));
  return bin;
}

function environment({ bin, dir }: Place): Record<string, string> {
  return {
    HOME: dir,
    XDG_CONFIG_HOME: dir,
    TMPDIR: join(dir, "tmp"),
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
  };
}

function keepTown(place: Place, dataDir: string, port: number): Keeper {
  return new Keeper(place.root, {
    name: "town",
    args: ["up", "--json", "--no-open", "--no-runner", "--port", `${port}`, "--data", dataDir],
    env: environment(place),
    dir: place.dir,
    restartMs: place.restartMs,
  });
}

/** Two rigs: one for kilo, one for the quick agent, which is everywhere else too. */
async function furnish(person: Person, dir: string, modelUrl: string) {
  await mkdir(join(dir, "tmp"), { recursive: true });
  await person.ask(
    "model.set",
    { provider: "openai-compatible", baseUrl: modelUrl, model: "scripted" },
    READY_MS_MAX,
  );
  for (const role of ["polecat", "refinery", "triage"] as const)
    await person.ask("program.set", { role, program: "opencode" });
  const gates = [{ name: "check", command: "sh check.sh" }];
  const add = async (name: string) => {
    const remote = await makeRepository(join(dir, name), "bare");
    const rig = await person.ask("rig.add", { remote, name, delivery: "merge", gates });
    return { id: rig.id, remote };
  };
  const [quick, slow] = [await add("quick"), await add("slow")];
  for (const role of ["polecat", "refinery"] as const)
    await person.ask("program.set", { role, program: "kilo", rig: slow.id });
  const bares = { [quick.id]: quick.remote, [slow.id]: slow.remote };
  return { quick: quick.id, slow: slow.id, bares };
}

async function hire(
  person: Person,
  place: Place,
  port: number,
  count: number,
  closing: (() => unknown)[],
): Promise<Runner[]> {
  const runners: Runner[] = [];
  for (let n = 0; n < count; n++) {
    const name = `runner-${n}`;
    const { token } = await person.ask("token.create", { role: "runner", name });
    const cable = await Cable.lay(port);
    closing.push(() => cable.close());
    const dataDir = join(place.dir, name);
    await mkdir(join(dataDir, "runner"), { recursive: true, mode: 0o700 });
    const keeper = new Keeper(place.root, {
      name,
      args: [
        ...["runner", "--town", `http://127.0.0.1:${cable.port}`, "--data", dataDir],
        ...["--slots", `${SLOTS}`, "--name", name],
      ],
      env: { ...environment(place), GASTOWN_TOKEN: token },
      dir: place.dir,
      restartMs: place.restartMs,
    });
    closing.push(() => keeper.stop(STOP_GRACE_MS));
    runners.push({ keeper, cable, owner: markOwner(join(dataDir, "runner")) });
  }
  const untilMs = performance.now() + READY_MS_MAX;
  for (;;) {
    const known = await person.ask("town.status", {});
    if (known.runners.filter(({ state }) => state === "connected").length === count) return runners;
    if (performance.now() >= untilMs) throw new Error("the runners do not join");
    await Bun.sleep(500);
  }
}

/** Ends town and runners as a person does. What lives on then is a fault. */
async function endAll(town: Keeper, runners: readonly Runner[], person: Person): Promise<string[]> {
  person.close();
  await Promise.all(runners.map(({ keeper }) => keeper.stop(STOP_GRACE_MS)));
  await town.stop(STOP_GRACE_MS);
  const left = await Promise.all(runners.map(({ owner }) => findStrays({ owner })));
  return left.flat().map(({ pid, subject }) => `process ${pid} of ${subject} lives on`);
}
