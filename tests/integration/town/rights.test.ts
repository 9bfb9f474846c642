// What people let another host do, from the line that makes its token to the landing, as real processes.
import { expect, test } from "bun:test";
import { join } from "node:path";
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
  "[C7] a host that joined without rights runs a rig's baseline, then its agents, then its landings, each from when people say so",
  async () => {
    await using town = await openWholeTown({ args: ["--no-runner"] });
    await using far = await hireRunner(town, "far", []);
    const remote = join(town.dir, "sample");
    await makeRepository(remote, "bare");
    const gate = "tests=true";
    await cli(town, "rig", "add", remote, "--name", "sample", "--gate", gate, "--no-code-review");
    await untilTopic(town, "town", (state) =>
      state.all("rig").find(({ state: at }) => at === "ready"),
    );
    const { id } = await town.client.call("bead.sling", { rig: "sample", title: "Write" });
    await waits(town, id, "may have the model's key, which agents need");
    expect(await cli(town, "runner", "rights", "far", "model")).toContain(
      "far may run gates and baselines and run agents.",
    );
    await waits(town, id, "no connected runner may land work");
    expect((await town.client.call("town.status", {})).runners).toMatchObject([
      { id: far.id, rights: ["model"] },
    ]);
    await cli(town, "rig", "set", "sample", "--labels", "big");
    await waits(town, id, "no connected runner has the label big");
    await cli(town, "runner", "rights", "far", "model,merge");
    expect(await cli(town, "runner", "label", "far", "big")).toContain("far has big.");
    await untilLanded(town, id);
    expect(await cli(town, "runner", "list")).toMatch(/model, merge +big/);
  },
  LIMIT_MS,
);

test("[C7] a token says what its runner may be given, none unless it is said, and what is no right is refused in words", async () => {
  await using town = await openWholeTown({ args: ["--no-runner"], hasModel: false });
  const create = (...more: string[]) =>
    runCli(["token", "create", "--role", "runner", "--data", town.dataDir, ...more]);
  expect((await create()).err).toContain("Its runner may only run gates and baselines");
  expect((await create("--rights", "merge,model")).err).toContain(
    "Its runner may run gates and baselines, run agents and land work",
  );
  const wrong = await create("--rights", "root");
  expect(wrong.code).toBe(2);
  expect(wrong.err).toContain('Rights are model, merge, with commas between, or none, not "root"');
}, 120_000);
