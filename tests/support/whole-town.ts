/** A whole town for a test: `./gastown up` with its own runner, the scripted model beside it, and a person's connection. */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { TownClient } from "../../cli/town-client.ts";
import { readTownFile } from "../../cli/town-file.ts";
import type { AnyImage, Image, ImageKind, Issue, Topic } from "../../protocol/index.ts";
import type { ModelCall } from "../../scripted/call-log.ts";
import { defaultEntries } from "../../scripted/default-script.ts";
import { scriptSchema, type ScriptInput } from "../../scripted/script.ts";
import { startScriptedModel } from "../../scripted/server.ts";
import type { Agents } from "./sample.ts";
import { buildAgent } from "../../scripts/torture/agent/build-agent.ts";
import { tempDir } from "./temp-dir.ts";
import { startTown, type TownProcess } from "./town-process.ts";
import { hostWithUsers } from "./agent-users.ts";

/** Two cores and several towns at once: generous, since what is awaited ends the wait. */
const AWAIT_MS = 240_000;

export interface WholeTown extends AsyncDisposable {
  /** A folder of the test's own; the town's data is its `data`. */
  dir: string;
  dataDir: string;
  process: TownProcess;
  client: TownClient;
  modelUrl: string;
  /** Where the town, and every runner of it, looks for programs. */
  path: string;
  /** Requests to the model, as they came. */
  calls: ModelCall[];
}

export interface WholeTownOptions {
  /** Played before the default script's entries. */
  entries?: ScriptInput["entries"];
  policy?: Record<string, number>;
  args?: readonly string[];
  /** The checkout whose wrapper runs; this one unless given. */
  checkout?: string;
  /** Searched for programs before this process's PATH. */
  pathFirst?: string;
  /** So many users for agents are on the host that the town sees, and bubblewrap is forbidden. */
  agentUsers?: number;
  /** Whether the scripted model is chosen at once; true unless given. */
  hasModel?: boolean;
  /** Asked for by the scripted model with every call; the town has it. */
  modelKey?: string;
  /** What polecats, refineries and triage run: kilo unless given, or a program that starts in no time. */
  agents?: Agents;
}

export async function openWholeTown(options: WholeTownOptions = {}): Promise<WholeTown> {
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).toReversed()) await step();
  };
  try {
    const dir = await tempDir("town");
    closing.push(() => dir[Symbol.asyncDispose]());
    const calls: ModelCall[] = [];
    const key = options.modelKey;
    const model = startScriptedModel({
      script: scriptOf(options),
      onCall: (c) => calls.push(c),
      ...(key === undefined ? {} : { apiKey: key }),
    });
    closing.push(() => model.stop());
    const dataDir = join(dir.path, "data");
    const home = join(dir.path, "home");
    await mkdir(home, { mode: 0o700 });
    const users = options.agentUsers;
    const isScripted = options.agents === "scripted";
    const bin = isScripted ? join(dir.path, "bin") : options.pathFirst;
    if (isScripted) await buildAgent(join(dir.path, "bin"));
    const path = [bin, process.env["PATH"]].filter((part) => part).join(delimiter);
    const town = await startTown({
      args: ["--data", dataDir, ...(options.args ?? [])],
      ...(users === undefined ? {} : { within: hostWithUsers(dir.path, users) }),
      ...(options.checkout === undefined ? {} : { checkout: options.checkout }),
      env: {
        HOME: home,
        PATH: path,
        XDG_CONFIG_HOME: home,
        // A test that is over waits for no agent, and starts none that nobody has work for.
        GASTOWN_POLICY: JSON.stringify({ drainGraceMs: 0, warmWorkMs: 0, ...options.policy }),
        ...(users === undefined ? {} : { GASTOWN_ISOLATION: "user" }),
      },
    });
    closing.push(() => town[Symbol.asyncDispose]());
    const client = await TownClient.connect(readTownFile(dataDir));
    closing.push(() => client.close());
    if (options.hasModel ?? true) {
      await client.call("model.set", {
        provider: "openai-compatible",
        baseUrl: model.url,
        model: "scripted",
        ...(key === undefined ? {} : { key }),
      });
    }
    if (isScripted)
      for (const role of ["polecat", "refinery", "triage"] as const)
        await client.call("program.set", { role, program: "opencode" });
    return {
      dir: dir.path,
      dataDir,
      process: town,
      client,
      modelUrl: model.url,
      path,
      calls,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function scriptOf(options: WholeTownOptions) {
  return scriptSchema.parse({
    name: "town test",
    defaults: { pauseMs: 20 },
    entries: [...(options.entries ?? []), ...defaultEntries],
  });
}

/** What a topic holds: the newest image of each object. */
export class TopicState {
  readonly #images = new Map<string, AnyImage>();

  apply(items: readonly AnyImage[], reset: boolean): void {
    if (reset) this.#images.clear();
    for (const item of items) this.#images.set(`${item.kind} ${item.id}`, item);
  }

  all<K extends ImageKind>(kind: K): Image<K>[] {
    return [...this.#images.values()].flatMap((item) =>
      item.kind === kind && item.value !== null ? [item.value as Image<K>] : [],
    );
  }
}

/** Follows a topic until `pick` finds something in it. Fails with what the topic held, when it does not. */
export async function untilTopic<T>(
  town: WholeTown,
  topic: Topic,
  pick: (state: TopicState) => T | null | undefined,
): Promise<T> {
  const client = await TownClient.connect(readTownFile(town.dataDir));
  const state = new TopicState();
  const found = Promise.withResolvers<T>();
  const deadline = setTimeout(() => {
    const held = JSON.stringify([...state.all("issue"), ...state.all("rig"), ...state.all("run")]);
    const log = readFileSync(join(town.dataDir, "logs", "town.log"), "utf8").slice(-4_000);
    found.reject(
      new Error(`${topic} never held what was awaited: ${held.slice(0, 4_000)}\n${log}`),
    );
  }, AWAIT_MS);
  try {
    const followed = client.follow(topic, undefined, (frame) => {
      state.apply(frame.items, frame.reset);
      if (!frame.complete) return;
      const value = pick(state);
      if (value !== null && value !== undefined) found.resolve(value);
    });
    followed.then(() => found.reject(new Error("the town went away")), found.reject);
    return await found.promise;
  } finally {
    clearTimeout(deadline);
    client.close();
  }
}

/** The bead when it is closed. Fails at once when it failed. */
export function untilLanded(town: WholeTown, beadId: string): Promise<Issue> {
  return untilTopic(town, `bead:${beadId}`, (state) => {
    const issue = state.all("issue").find(({ id }) => id === beadId);
    if (issue?.status === "failed") throw new Error(`the bead failed: ${issue.failure?.message}`);
    return issue?.status === "closed" ? issue : null;
  });
}

/** The rig when its baseline has been judged. */
export function untilJudged(town: WholeTown, name: string): Promise<Image<"rig">> {
  return untilTopic(town, "town", (state) =>
    state.all("rig").find((rig) => rig.name === name && rig.state !== "checking"),
  );
}
