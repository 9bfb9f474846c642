// What people let another host do, from the line that makes its token to the landing, as real processes.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentOf, memoryHolds } from "../../support/process-memory.ts";
import { isLeftOut } from "../../support/left-out.ts";
import {
  openWholeTown,
  untilLanded,
  untilTopic,
  type WholeTown,
} from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";
import { hireRunner } from "./hired-runner.ts";
import { makeRepository } from "./repositories.ts";

const LIMIT_MS = 300_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

async function cli(town: WholeTown, ...line: string[]): Promise<string> {
  const { code, out, err } = await runCli([...line, "--data", town.dataDir]);
  if (code !== 0) throw new Error(`gastown ${line.join(" ")}: ${err}`);
  return out;
}
const waits = (town: WholeTown, bead: string, text: string) =>
  untilTopic(town, `bead:${bead}`, (state) =>
    [...state.all("issue"), ...state.all("review")].find(({ wait }) => wait?.text.includes(text)),
  );

test.skipIf(needsAgent)(
  "[C7] [R9] a host that joined without rights works on a bead through the town without ever having the model's key, and its work lands when people let it",
  async () => {
    const key = "a-key-that-only-the-town-has";
    await using town = await openWholeTown({ args: ["--no-runner"], modelKey: key });
    await using far = await hireRunner(town, "far", []);
    const remote = join(town.dir, "sample");
    await makeRepository(remote, "bare");
    const gate = "tests=true";
    await cli(town, "rig", "add", remote, "--name", "sample", "--gate", gate, "--no-code-review");
    const { id } = await town.client.call("bead.sling", { rig: "sample", title: "Write" });
    await waits(town, id, "no connected runner may land work");
    expect(town.calls.length).toBeGreaterThan(0);
    const { pid } = far.process;
    expect(memoryHolds(town.process.pid, key)).toBe(true);
    expect(memoryHolds(pid, key)).toBe(false);
    expect(memoryHolds(pid, town.process.ready.url)).toBe(true);
    expect(environmentOf(pid)).not.toContain(key);
    expect(filesWith(far.dataDir, key)).toEqual([]);
    // No pass is written down, here or in the town.
    expect(filesWith(town.dir, /rn_\w+\.[\w-]{43}/)).toEqual([]);
    await cli(town, "rig", "set", "sample", "--labels", "big");
    await waits(town, id, "no connected runner has the label big");
    expect(await cli(town, "runner", "rights", "far", "merge")).toContain("far may land work");
    expect(await cli(town, "runner", "label", "far", "big")).toContain("far has big.");
    await untilLanded(town, id);
    const { runs } = await town.client.call("bead.get", { bead: id });
    const work = runs.find(({ kind }) => kind === "work");
    expect(work?.usage.outputTokens).toBeGreaterThan(0);
    expect(await cli(town, "runner", "list")).toMatch(/merge +big/);
  },
  LIMIT_MS,
);

/** Files of a folder that hold a text. */
function filesWith(dir: string, text: string | RegExp): string[] {
  const files = new Bun.Glob("**/*").scanSync({ cwd: dir, dot: true, onlyFiles: true });
  return Array.from(files).filter((path) => {
    const held = readFileSync(join(dir, path), "latin1");
    return typeof text === "string" ? held.includes(text) : text.test(held);
  });
}

test("[C7] a token says what its runner may be given, none unless it is said, and what is no right is refused in words", async () => {
  await using town = await openWholeTown({ args: ["--no-runner"], hasModel: false });
  const create = (...more: string[]) =>
    runCli(["token", "create", "--role", "runner", "--data", town.dataDir, ...more]);
  expect((await create()).err).toContain(
    "Its runner may land nothing, and has no key: its agents call the model through the town",
  );
  expect((await create("--rights", "merge,model")).err).toContain(
    "Its runner may have the model's key, and land work",
  );
  const wrong = await create("--rights", "root");
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('Rights are model, merge, with commas between, or none, not "root"');
}, 120_000);
