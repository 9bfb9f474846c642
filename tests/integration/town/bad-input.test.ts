// What needs a whole town. Commands and the command line: tests/integration/cli; frames, origins,
// cookies and links: tests/integration/edges.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { io } from "socket.io-client";
import { PROTOCOL_VERSION } from "../../../protocol/index.ts";
import { defaultScript } from "../../../scripted/default-script.ts";
import { startScriptedModel } from "../../../scripted/server.ts";
import { write } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { repositoryRoot } from "../../support/town-process.ts";
import {
  openWholeTown,
  untilJudged,
  untilTopic,
  type WholeTown,
} from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";
import { makeRepository } from "./repositories.ts";

const LIMIT_MS = 120_000;

let town: WholeTown;
let token: string;
beforeAll(async () => {
  town = await openWholeTown({ hasModel: false });
  ({ token } = JSON.parse(await readFile(join(town.dataDir, "town.json"), "utf8")) as {
    token: string;
  });
  const remote = await makeRepository(join(town.dir, "rig"), "bare");
  await town.client.call("rig.add", { name: "rig", remote, gates: [] });
  await untilJudged(town, "rig");
}, LIMIT_MS);
afterAll(() => town[Symbol.asyncDispose]());

/** Where the town's change feed stands: the same before and after means that nothing was changed. */
async function position(): Promise<string> {
  const { out } = await runCli(["watch", "board", "--once", "--data", town.dataDir]);
  return out.split("\n")[0] ?? "";
}

test("[B3] a cyclic convoy, 51 tasks and a title of 100 kB are refused with what is wrong, and nothing is made", async () => {
  const before = await position();
  const task = (key: string, ...dependsOn: string[]) => ({ key, title: key, dependsOn });
  const wrong: [tasks: unknown[], says: RegExp][] = [
    [
      [task("a", "c"), task("b", "a"), task("c", "b")],
      /cycle|circle|wait for (each other|itself)/i,
    ],
    [[task("a", "a")], /cycle|circle|itself/i],
    [[task("a", "nobody")], /nobody/],
    [[task("a"), task("a")], /a/],
    [Array.from({ length: 51 }, (_, at) => task(`k${at}`)), /50|tasks/],
    [[{ key: "a", title: "x".repeat(100_000) }], /title|200/],
  ];
  for (const [tasks, says] of wrong) {
    const file = join(town.dir, "convoy.json");
    await write(town.dir, "convoy.json", JSON.stringify({ rig: "rig", title: "t", tasks }));
    const { code, out, err } = await runCli(["convoy", "sling", file, "--data", town.dataDir]);
    expect([code === 0, out, err.trim().split("\n").length]).toEqual([false, "", 1]);
    expect(err).toMatch(says);
    expect(err.length).toBeLessThan(1_000);
  }
  expect(await position()).toBe(before);
});

test("[A8] 5 MB by HTTP and by a raw socket, and what is no JSON, end typed or with the connection, and the town goes on", async () => {
  const before = await position();
  const { url } = town.process.ready;
  const post = (body: string) =>
    fetch(`${url}/api/v1/bead.sling`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
    });
  const title = "x".repeat(5_000_000);
  const large = await post(JSON.stringify({ rig: "rig", title }));
  expect([large.status, await large.json()]).toMatchObject([413, { error: { code: "too_large" } }]);
  const broken = await post('{"rig": ');
  expect([broken.status, await broken.json()]).toMatchObject([400, { ok: false }]);
  const socket = io(url, {
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
    auth: { version: PROTOCOL_VERSION, client: "raw", token },
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  const gone = new Promise<string>((resolve) => socket.once("disconnect", resolve));
  socket.emit("command", {
    name: "bead.sling",
    body: { rig: "rig", title },
    key: "raw-5-megabytes",
  });
  expect(await gone).toMatch(/transport|server/);
  socket.close();
  expect(await position()).toBe(before);
});

test("[A2] a wrong key, an unknown model and a dead address are told in one line each; what was chosen stays", async () => {
  const model = startScriptedModel({ script: defaultScript, apiKey: "right", models: ["known"] });
  try {
    const before = await runCli(["settings", "model", "show", "--json", "--data", town.dataDir]);
    const ask = (key: string, name: string, url: string) =>
      runCli(
        [
          "settings",
          "model",
          "test",
          "--provider",
          "openai-compatible",
          "--url",
          url,
          "--model",
          name,
          "--data",
          town.dataDir,
        ],
        { env: { GASTOWN_MODEL_KEY: key } },
      );
    const wrong = [
      [await ask("wrong", "known", model.url), /key/i],
      [await ask("right", "unknown", model.url), /unknown/],
      [await ask("right", "known", "http://127.0.0.1:9/v1"), /reach|answer|connect/i],
    ] as const;
    for (const [{ code, out, err }, says] of wrong) {
      expect([code, out, err.trim().split("\n").length]).toEqual([1, "", 1]);
      expect(err).toMatch(says);
      expect(err).not.toMatch(/\bright\b|wrong/);
    }
    expect((await ask("right", "known", model.url)).code).toBe(0);
    const after = await runCli(["settings", "model", "show", "--json", "--data", town.dataDir]);
    expect(after.out).toBe(before.out);
  } finally {
    await model.stop();
  }
});

test("[C6] a second runner on the town's own data ends with one line, and the first works on", async () => {
  const made = await town.client.call("token.create", {
    role: "runner",
    name: "twin",
    rights: ["model", "merge"],
  });
  const twin = ["runner", "--town", town.process.ready.url, "--data", town.dataDir];
  const { code, err } = await runCli(twin, { env: { GASTOWN_TOKEN: made.token } });
  expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
  expect(err).toMatch(/Another runner works in this data directory/);
  const { runners } = await town.client.call("town.status", {});
  expect(runners.map(({ state }) => state)).toEqual(["connected"]);
});

test("[A2] without git neither a town with its runner nor a demo starts, and both say what to install", async () => {
  await using dir = await tempDir("no-git");
  for (const more of [[], ["--demo"]]) {
    const data = join(dir.path, `data${more.length}`);
    const up = ["up", "--data", data, "--port", "0", "--no-open", ...more];
    const { code, out, err } = await runCli(up, { env: { PATH: dir.path } });
    expect([code, out, err.trim().split("\n").length]).toEqual([1, "", 1]);
    expect(err).toMatch(/git is missing.*install/i);
    expect(existsSync(data)).toBe(false);
  }
  const doctor = await runCli(["doctor", "--data", dir.path], { env: { PATH: dir.path } });
  expect([doctor.code, doctor.out]).toEqual([
    1,
    expect.stringMatching(/^fail +git +git is missing/m),
  ]);
});

test.skipIf(isLeftOut("sandbox"))(
  "[C23] without bubblewrap a rig dispatches nothing until its owner has confirmed, and says so",
  async () => {
    await using dir = await tempDir("no-bwrap");
    const bwrap = Bun.which("bwrap");
    if (bwrap === null) throw new Error("bubblewrap must be there to be hidden");
    // The same town with the program hidden: what a host without it looks like.
    const hide = `exec ${bwrap} --dev-bind / / --ro-bind /dev/null ${bwrap} --die-with-parent`;
    await mkdir(dir.path, { recursive: true });
    await write(
      dir.path,
      "gastown",
      `#!/bin/sh\n${hide} ${join(repositoryRoot, "gastown")} "$@"\n`,
    );
    await chmod(join(dir.path, "gastown"), 0o755);
    await using bare = await openWholeTown({ checkout: dir.path });
    const remote = await makeRepository(join(bare.dir, "open"), "bare");
    await bare.client.call("rig.add", { name: "open", remote, gates: [] });
    const { id } = await bare.client.call("bead.sling", { rig: "open", title: "Wait" });
    const wait = await untilTopic(bare, `bead:${id}`, (state) => {
      const found = state.all("issue")[0]?.wait;
      return found !== null && /isolat|confirm|read everything/i.test(found?.text ?? "")
        ? found
        : null;
    });
    expect(wait.untilAt).toBeNull();
    const status = await bare.client.call("town.status", {});
    expect(status.runners[0]).toMatchObject({
      isolation: "none",
      isolationReason: expect.stringMatching(/bubblewrap/),
    });
    expect(bare.calls).toEqual([]);
  },
  LIMIT_MS,
);
