// What a torture and a soak stand on: a real town, its runners and two rigs, as processes of their own.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findStrays } from "../../runner/process/find-strays.ts";
import { freePort } from "../../runner/process/free-port.ts";
import { markOwner } from "../../runner/process/mark.ts";
import { defaultScript } from "../../scripted/default-script.ts";
import { startScriptedModel } from "../../scripted/server.ts";
import { makeRepository } from "../../tests/integration/town/repositories.ts";
import { buildAgent } from "./agent/build-agent.ts";
import { Cable } from "./cable.ts";
import type { Runner } from "./faults.ts";
import { Keeper } from "./keeper.ts";
import { Person } from "./person.ts";

export interface SceneOptions {
  root: string;
  /** A folder of its own; everything is made in it. */
  dir: string;
  runners: number;
  /** From the end of a process to its next start. */
  restartMs: () => number;
  /** Figures of the town, instead of its own. */
  policy?: Record<string, number>;
}

export interface Scene extends AsyncDisposable {
  town: Keeper;
  dataDir: string;
  runners: Runner[];
  person: Person;
  rigs: Awaited<ReturnType<typeof furnish>>;
  /** Ends all as a person does. @returns what lives on then, a sentence each */
  end(): Promise<string[]>;
}

const SLOTS = 2;
const READY_MS_MAX = 60_000;
const STOP_GRACE_MS = 40_000;

/** Resolves when the runners have joined. Everything it starts has ended when it is disposed of. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const { root, dir, restartMs, policy = {} } = options;
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const each of closing.splice(0).toReversed()) await each();
  };
  try {
    const bin = join(dir, "bin");
    await buildAgent(bin);
    const model = startScriptedModel({ script: { ...defaultScript, defaults: PACE } });
    closing.push(() => model.stop());
    const place = { root, dir, bin, restartMs, policy };
    const port = freePort();
    const dataDir = join(dir, "town");
    const town = keepTown(place, dataDir, port);
    closing.push(() => town.stop(STOP_GRACE_MS));
    const person = new Person(dataDir);
    closing.push(() => person.close());
    const rigs = await furnish(person, dir, model.url);
    const runners = await hire(person, place, port, options.runners, closing);
    const end = async () => {
      person.close();
      await Promise.all(runners.map(({ keeper }) => keeper.stop(STOP_GRACE_MS)));
      await town.stop(STOP_GRACE_MS);
      const left = await Promise.all(runners.map(({ owner }) => findStrays({ owner })));
      return left.flat().map(({ pid, subject }) => `process ${pid} of ${subject} lives on`);
    };
    return { town, dataDir, runners, person, rigs, end, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Quick enough for hundreds of beads, slow enough to be killed in every phase. */
const PACE = { ...defaultScript.defaults, pauseMs: 400 };

interface Place extends Pick<SceneOptions, "root" | "dir" | "restartMs" | "policy"> {
  /** Folder with the scripted agent, under OpenCode's name. */
  bin: string;
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
    env: { ...environment(place), GASTOWN_POLICY: JSON.stringify(place.policy) },
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
    const { token } = await person.ask("token.create", {
      role: "runner",
      name,
      rights: ["model", "merge"],
    });
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
