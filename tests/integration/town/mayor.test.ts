import { expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TownClient } from "../../../cli/town-client.ts";
import { readTownFile } from "../../../cli/town-file.ts";
import type { ChatEntry } from "../../../protocol/index.ts";
import type { ScriptInput } from "../../../scripted/script.ts";
import { eventually } from "../../kill/eventually.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { oneOfThem } from "../../support/sample.ts";
import { startTown } from "../../support/town-process.ts";
import { openWholeTown, untilTopic, type WholeTown } from "../../support/whole-town.ts";
import { makeRepository } from "./repositories.ts";

const long = oneOfThem("a Mayor who goes on", 4);

const LIMIT_MS = 90_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

/** What a tool answered is in the agent's own memory alone; a transcript has words. */
const ENTRIES: ScriptInput["entries"] = [
  {
    role: "mayor",
    says: "/^Look/",
    turns: [{ tools: [{ name: "gt_rigs" }] }, { text: "I have looked." }],
  },
  {
    role: "mayor",
    says: "/^What/m",
    turns: [
      {
        text: '{{conversation | /I have (looked)/ ?? nothing}}, {{conversation | /"name" *: *"(\\w+)"/ ?? no rig}}',
      },
    ],
  },
];

async function open(policy: Record<string, number>): Promise<WholeTown> {
  const town = await openWholeTown({ entries: ENTRIES, policy });
  const remote = await makeRepository(join(town.dir, "lighthouse"), "bare");
  await town.client.call("rig.add", { name: "lighthouse", remote, gates: [] });
  return town;
}

async function say(town: WholeTown, text: string): Promise<ChatEntry> {
  const { turnId } = await town.client.call("mayor.say", { text });
  return untilTopic(town, "mayor", (state) => {
    const entry = state.all("chat").find(({ id }) => id === turnId);
    if (entry?.state === "failed") throw new Error(`the turn failed: ${entry.note}`);
    return entry?.state === "done" ? entry : null;
  });
}

/** The same town after a stop and a start, on the same data. */
async function restarted(town: WholeTown): Promise<WholeTown> {
  town.client.close();
  await town.process[Symbol.asyncDispose]();
  const home = join(town.dir, "home");
  const process = await startTown({
    args: ["--data", town.dataDir],
    env: { HOME: home, XDG_CONFIG_HOME: home },
  });
  const client = await TownClient.connect(readTownFile(town.dataDir));
  return {
    ...{ ...town, process, client },
    [Symbol.asyncDispose]: async () => {
      client.close();
      await process[Symbol.asyncDispose]();
    },
  };
}

async function released(town: WholeTown): Promise<void> {
  await untilTopic(town, "agents", (state) =>
    state.all("run").some(({ kind, state: at }) => kind === "session" && at !== "ended")
      ? null
      : true,
  );
}

const blobs = ({ dataDir }: WholeTown) => readdir(join(dataDir, "blobs"));

long(() =>
  test.skipIf(needsAgent)(
    "[B1] [C10] a Mayor who was released goes on with all he remembers, what his tools answered included",
    async () => {
      await using town = await open({ warmMs: 500 });
      expect((await say(town, "Look around")).continued).toBeNull();
      await released(town);
      const next = await say(town, "What have you seen?");
      expect(next).toMatchObject({ text: "looked, lighthouse", continued: { how: "resumed" } });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[B1] [C10] a Mayor who was woken asks the model nothing, leaves when nobody speaks, and answers as the one who spoke before",
    async () => {
      await using town = await open({ warmMs: 3_000 });
      await say(town, "Look around");
      await released(town);
      const calls = town.calls.length;
      const up = () =>
        untilTopic(town, "agents", (state) =>
          state.all("run").find(({ kind, state: at }) => kind === "session" && at === "running"),
        );
      expect(await town.client.call("mayor.wake", {})).toEqual({ isUp: false });
      const left = await up();
      expect(await town.client.call("mayor.wake", {})).toEqual({ isUp: true });
      await released(town);
      expect(await town.client.call("run.get", { run: left.id })).toMatchObject({
        ...{ outcome: "done", reason: { code: "idle" } },
      });
      expect(town.calls).toHaveLength(calls);
      await town.client.call("mayor.wake", {});
      const { id } = await up();
      expect(await say(town, "What have you seen?")).toMatchObject({
        ...{ runId: id, text: "looked, lighthouse", continued: { how: "resumed" } },
      });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[B1] [C10] when what he remembers is damaged he goes on from the transcript, and the chat says why",
    async () => {
      await using town = await open({ warmMs: 500 });
      await say(town, "Look around");
      await released(town);
      const [name] = await blobs(town);
      const path = join(town.dataDir, "blobs", name ?? "");
      const bytes = await Bun.file(path).bytes();
      await writeFile(path, bytes.fill(7, 100, 200));
      expect(await say(town, "What have you seen?")).toMatchObject({
        text: "looked, no rig",
        continued: { how: "transcript", why: "What was kept of the conversation is damaged." },
      });
      // The next one is whole again.
      await released(town);
      expect(await say(town, "What now?")).toMatchObject({ continued: { how: "resumed" } });
    },
    LIMIT_MS,
  ),
);

long(() =>
  test.skipIf(needsAgent)(
    "[B1] [C10] another model goes on with the conversation, and so does the next start of the town",
    async () => {
      await using town = await open({});
      const first = await say(town, "Look around");
      await eventually("what he remembers is kept", async () =>
        (await blobs(town).catch(() => [])).length > 0 ? true : undefined,
      );
      await town.client.call("model.set", {
        ...{ provider: "openai-compatible", baseUrl: town.modelUrl, model: "scripted" },
        roles: { mayor: "another" },
      });
      const second = await say(town, "What have you seen?");
      expect(second).toMatchObject({ text: "looked, lighthouse", continued: { how: "resumed" } });
      expect(second.runId).not.toBe(first.runId);
      expect(town.calls.filter(({ role }) => role === "mayor").at(-1)?.model).toBe("another");
      await using again = await restarted(town);
      const third = await say(again, "What did you see?");
      expect(third).toMatchObject({ text: "looked, lighthouse", continued: { how: "resumed" } });
      expect(town.calls.filter(({ role }) => role === "mayor").at(-1)?.model).toBe("another");
    },
    LIMIT_MS,
  ),
);
