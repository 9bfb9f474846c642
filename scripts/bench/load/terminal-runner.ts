// A runner as a process of its own for the terminals' bench: its runs are played, its terminals are real.
// Arguments: the town's address, a token to join with, and a folder whose `tree` is the tree of its one run.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../../runner/clock.ts";
import { createLog } from "../../../runner/log.ts";
import { markOwner } from "../../../runner/process/mark.ts";
import { sandboxPty } from "../../../runner/pty/pty.ts";
import { Screens } from "../../../runner/pty/screens.ts";
import { TerminalDesk } from "../../../runner/pty/terminal-desk.ts";
import { probeIsolation } from "../../../runner/sandbox/probe.ts";
import { Sandbox } from "../../../runner/sandbox/sandbox.ts";
import { prepareToolbox } from "../../../runner/sandbox/toolbox.ts";
import { refuse } from "../../../protocol/index.ts";
import { judge } from "./fleet.ts";
import { PlayedRunner } from "./played-runner.ts";

const ROOMY = { cores: 2, load1: 0, memoryBytes: 1, memoryFreeBytes: 1, diskFreeBytes: 1 };

const [url = "", token = "", folder = ""] = process.argv.slice(2);
const tree = join(folder, "tree");
const tmpDir = join(folder, "tmp");
for (const dir of [tree, tmpDir]) await mkdir(dir, { recursive: true });
const owner = markOwner(folder);
const isolation = await probeIsolation(owner);
const toolbox = await prepareToolbox(join(folder, "toolbox"), {
  runtime: process.execPath,
  compiled: false,
});
const sandbox = new Sandbox({ isolation, toolbox, hostPath: process.env["PATH"] ?? "" });
const log = createLog({
  level: "warn",
  now: Date.now,
  write: (line) => process.stderr.write(line),
});
const screens = new Screens(log);
const desk = new TerminalDesk({
  ...{ clock: systemClock, log },
  host: () => ({ ...ROOMY, refuses: null }),
  openPty: sandboxPty({ sandbox, owner, hide: [] }),
  openScreen: (size, answered) => screens.open(size, answered),
});
const runner = await PlayedRunner.join({
  ...{ url, token, name: "terminals", slots: 1 },
  onOffer: (spec, taken) => {
    taken.report(spec, { kind: "started" });
    if (spec.kind === "baseline") judge(spec, taken);
    if (spec.kind !== "work") return;
    const place = { cwd: tree, tmpDir, readOnly: [], readWrite: [tree], fence: spec.fence };
    desk.admit(spec.runId, {
      ...place,
      agentScreen: () => refuse("unsupported", "Only shells are measured."),
    });
    console.log(spec.runId);
  },
});
runner.serve(desk);
process.on("SIGTERM", () => {
  void desk.cutOff().then(() => process.exit(0));
});
