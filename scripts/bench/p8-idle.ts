// P8: what a town costs that has nothing to do, with its runner and one open browser.
import { openPage } from "../../tests/support/browser.ts";
import { treeChange, treeUse, type ProcessUse } from "../../tests/support/tree-use.ts";
import { openWholeTown, untilTopic, type WholeTown } from "../../tests/support/whole-town.ts";
import type { Bench, BenchContext, Measurement } from "./bench.ts";

const CPU_PERCENT_MAX = 0.5;
const SERVER_MB_MAX = 150;
const RUNNER_MB_MAX = 120;
/** The town's own figure is five minutes (server/model/policy.ts); the bench need not wait that long. */
const WARM_MS = 5_000;
/** The release itself, and its processes' ends. */
const RELEASE_MS = 5_000;
/** The page has loaded, the town has said what there is to say. */
const SETTLE_MS = 5_000;

export const p8Idle: Bench = {
  id: "P8",
  title: "an idle town with its runner and one open browser",
  async run(context) {
    await using town = await openWholeTown({ policy: { warmMs: WARM_MS } });
    const left = await talkToMayor(town, context);
    await using browser = await openPage();
    await browser.page.goto(town.process.ready.login);
    await browser.page.getByRole("navigation").first().waitFor();
    await Bun.sleep(SETTLE_MS);
    return [...(await measure(town, context)), left];
  },
};

/** An agent server is started for the turn and kept warm; afterwards it must be gone. */
async function talkToMayor(town: WholeTown, context: BenchContext): Promise<Measurement> {
  context.progress("  a turn of the Mayor, then the warm time");
  await town.client.call("mayor.say", { text: "Hello" });
  await untilTopic(town, "mayor", (state) =>
    state.all("chat").find((entry) => entry.kind === "mayor" && entry.state === "done"),
  );
  await Bun.sleep(WARM_MS + RELEASE_MS);
  const agents = treeUse(town.process.pid).length - 2;
  const name = `agent processes left ${RELEASE_MS / 1000} s after a warm time of ${WARM_MS / 1000} s`;
  return { name, value: agents, unit: "processes", bar: { atMost: 0 } };
}

async function measure(town: WholeTown, context: BenchContext): Promise<Measurement[]> {
  const { seconds } = context;
  context.progress(`  ${seconds} s of idleness`);
  const callsBefore = town.calls.length;
  const startedMs = performance.now();
  let before = treeUse(town.process.pid);
  let cpuMs = 0;
  const started: string[] = [];
  let after: ProcessUse[] = before;
  for (let second = 0; second < seconds; second++) {
    await Bun.sleep(1_000);
    after = treeUse(town.process.pid);
    const change = treeChange(before, after);
    cpuMs += change.cpuMs;
    started.push(...change.started);
    before = after;
  }
  const percent = (100 * cpuMs) / (performance.now() - startedMs);
  for (const process of new Set(started)) context.progress(`  started: ${process}`);
  const [server, runner] = after;
  return [
    {
      name: `of a core, over ${seconds} s`,
      value: percent,
      unit: "%",
      bar: { atMost: CPU_PERCENT_MAX },
    },
    { name: "started", value: started.length, unit: "processes", bar: { atMost: 0 } },
    {
      name: "to the model",
      value: town.calls.length - callsBefore,
      unit: "calls",
      bar: { atMost: 0 },
    },
    {
      name: "server resident",
      value: megabytes(server),
      unit: "MB",
      bar: { atMost: SERVER_MB_MAX },
    },
    {
      name: "runner resident",
      value: megabytes(runner),
      unit: "MB",
      bar: { atMost: RUNNER_MB_MAX },
    },
  ];
}

function megabytes(use: ProcessUse | undefined): number {
  return use === undefined ? Number.NaN : use.residentBytes / 1e6;
}
