// A person at the command line of a real town: what a rig gives its runs, looks into its repository, and work by hand.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { personGit, write } from "../../support/git-rig.ts";
import {
  openWholeTown,
  untilJudged,
  untilLanded,
  type WholeTown,
} from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";
import { makeRepository } from "./repositories.ts";

const LIMIT_MS = 300_000;
const SECRET = "the-registry-token-1234";

let town: WholeTown;
let repository: string;
beforeAll(async () => {
  town = await openWholeTown({ agents: "scripted" });
  repository = await makeRepository(join(town.dir, "shop"), "bare");
  await cli(
    "rig",
    "add",
    repository,
    "--gate",
    "check=sh check.sh",
    "--delivery",
    "merge",
    "--no-code-review",
  );
  expect(await untilJudged(town, "shop")).toMatchObject({ state: "ready" });
}, LIMIT_MS);
afterAll(() => town?.[Symbol.asyncDispose]());

/** git of somebody who has set his name, in the folder where he stands. */
const ENV = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Ada Person",
  GIT_AUTHOR_EMAIL: "ada@example.test",
};

async function cli(...arguments_: string[]): Promise<string> {
  const { code, out, err } = await runCli([...arguments_, "--data", town.dataDir], { env: ENV });
  if (code !== 0) throw new Error(`gastown ${arguments_.join(" ")}: ${err}`);
  return out;
}

test(
  "[C18] [C25] a rig's environment is set and shown at the command line, and its repository is read there",
  async () => {
    await cli(
      "rig",
      "set",
      "shop",
      "--var",
      "MODE=fast",
      "--ports",
      "2",
      "--tell-polecat",
      "Be brief.",
    );
    const secret = await runCli(["rig", "secret", "shop", "TOKEN", "--data", town.dataDir], {
      input: `${SECRET}\n`,
    });
    expect(secret).toMatchObject({ code: 0, out: expect.stringContaining("TOKEN is set") });
    const shown = await cli("rig", "show", "shop");
    for (const line of [
      "Variable MODE=fast",
      "Secret TOKEN (ends with 1234), for setup",
      "Ports of each run: 2",
      "Told to every polecat: Be brief.",
    ])
      expect(shown).toContain(line);
    expect(shown).not.toContain(SECRET);
    await cli("rig", "secret", "shop", "TOKEN", "--remove");
    await cli("rig", "set", "shop", "--unset-var", "MODE", "--ports", "0");
    expect(await cli("rig", "show", "shop")).not.toContain("MODE");
    expect(await untilJudged(town, "shop")).toMatchObject({ state: "ready" });
    expect(await cli("browse", "shop", "src")).toContain("lines.txt");
    expect(await cli("browse", "shop", "src/lines.txt", "--ref", "main")).toBe("one\ntwo\n");
    expect(await cli("log", "shop")).toContain("Begin");
    const bad = await runCli(["browse", "shop", "nowhere.txt", "--data", town.dataDir]);
    expect(bad).toMatchObject({ code: 1, err: expect.stringContaining("is not in main") });
  },
  LIMIT_MS,
);

test(
  "[B20] a bead is taken into a folder, given back with commits, and lands by its gates without an agent",
  async () => {
    const { id } = await town.client.call("bead.sling", {
      rig: "shop",
      title: "By hand",
      held: true,
    });
    const folder = join(town.dir, "hand");
    const taken = JSON.parse(await cli("take", id, folder, "--json")) as { branch: string };
    expect(await personGit(folder, "symbolic-ref", "--short", "HEAD")).toBe(taken.branch);
    await town.client.call("bead.release", { bead: id });
    await write(folder, "hand.txt", "by hand\n");
    const give = (...more: string[]) =>
      runCli(["give", "--in", folder, ...more, "--data", town.dataDir], { env: ENV });
    // What is not committed would be left behind unseen.
    expect(await give()).toMatchObject({ code: 1, err: expect.stringContaining("not committed") });
    await personGit(folder, "add", "-A");
    await personGit(folder, "commit", "--quiet", "-m", "Write it by hand");
    const given = await give();
    expect(given).toMatchObject({ code: 0, out: expect.stringContaining("it goes to review") });
    expect(await untilLanded(town, id)).toMatchObject({ outcome: "landed", taken: null });
    expect(await personGit(repository, "show", "main:hand.txt")).toBe("by hand");
    expect(await personGit(repository, "for-each-ref", "refs/gastown/given/")).toBe("");
    expect(town.calls).toEqual([]);
    expect(await give()).toMatchObject({
      code: 1,
      err: expect.stringContaining("nobody has taken it"),
    });
  },
  LIMIT_MS,
);

test(
  "[B20] a folder that is not empty is left alone, and a bead is returned as it was",
  async () => {
    const { id } = await town.client.call("bead.sling", { rig: "shop", title: "Kept", held: true });
    const folder = join(town.dir, "full");
    await write(folder, "mine.txt", "mine\n");
    const refused = await runCli(["take", id, folder, "--data", town.dataDir], { env: ENV });
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining("is not empty") });
    const kept = await town.client.call("bead.get", { bead: id });
    expect(kept.bead).toMatchObject({ taken: null });
    const nowhere = ["take", id, join(folder, "mine.txt", "in"), "--data", town.dataDir];
    expect(await runCli(nowhere, { env: ENV })).toMatchObject({
      code: 1,
      err: expect.stringContaining("--nothing` returns it"),
    });
    await cli("take", id, join(town.dir, "back"));
    expect(await cli("give", id, "--nothing")).toContain("the town's again");
    await town.client.call("bead.cancel", { bead: id, reason: "" });
  },
  LIMIT_MS,
);
