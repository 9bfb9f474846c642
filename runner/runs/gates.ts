/** Runs a rig's setup and gates on a tree, in the sandbox: they are code of the repository. */
import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { GATE_LOG_CHARS_MAX } from "../../protocol/limits.ts";
import type { Gate, GateResult } from "../../protocol/review.ts";
import type { RigSpec } from "../../protocol/run-spec.ts";
import { GATE_OUTPUT_BYTES_MAX, SETUP_TIMEOUT_MS, STOP_GRACE_MS } from "../config.ts";
import type { Oid } from "../git/porcelain.ts";
import type { RunOutput } from "../process/process.ts";
import { cutMiddle } from "./cut-text.ts";
import type { LiveRun } from "./live-run.ts";
import type { Workplace } from "./workplace.ts";

/** Where gates run: the tree and what belongs to it. All of it is seen at its own path. */
export type GatePlace = {
  treeDir: string;
  homeDir: string;
  tmpDir: string;
  readOnly: readonly string[];
  /** Tracked files that differ from what was written; where nobody else writes the tree. */
  changed?: () => Promise<readonly string[]>;
};

export type GatesEnd =
  | { kind: "ran"; green: boolean; gates: GateResult[] }
  /** They could not be run: nothing is said about the tree. */
  | { kind: "infra"; message: string };

/** Logs of all gates of one result together stay below a frame. */
const LOGS_CHARS_MAX = 60_000;
const SHELL = ["/bin/sh", "-c"];
/** The small parent could not start the command. */
const CANNOT_START = 127;

/** Setup, then every gate in order; the first red one ends it. A red gate is run a second time before it counts. */
export async function runGates(
  place: Workplace,
  run: LiveRun,
  rig: Pick<RigSpec, "gates" | "setup">,
  where: GatePlace,
): Promise<GatesEnd> {
  const setup = await runSetup(place, run, rig, where);
  if (setup !== null) return setup;
  const gates: GateResult[] = [];
  for (const gate of rig.gates) {
    const end = await judge(place, run, gate, where);
    if (end.kind === "infra") return end;
    gates.push(end.result);
    if (!end.result.ok)
      return { kind: "ran", green: false, gates: shorten(gates, rig.gates.length) };
  }
  return { kind: "ran", green: true, gates: shorten(gates, rig.gates.length) };
}

/** As `runGates`, with a green result kept for the tree: it is not judged again by the same commands. */
export async function runGatesOnce(
  place: Workplace,
  run: LiveRun,
  rig: Pick<RigSpec, "gates" | "setup">,
  tree: Oid,
  open: () => Promise<GatePlace | { infra: string }>,
): Promise<GatesEnd> {
  if (rig.gates.length === 0 && rig.setup === null) return { kind: "ran", green: true, gates: [] };
  const key = cacheKey(place, rig, tree);
  const known = place.gateCache.find(key);
  if (known !== null) {
    for (const result of known) tellGate(run, result, "green");
    return { kind: "ran", green: true, gates: known };
  }
  const where = await open();
  if ("infra" in where) return { kind: "infra", message: where.infra };
  const end = await runGates(place, run, rig, where);
  await tellChanged(run, where);
  // A red one may be the host's fault, and is cheap to find out again.
  if (end.kind === "ran" && end.green) place.gateCache.keep(key, end.gates, place.clock.now());
  return end;
}

/** What gates write into tracked files is not what lands: people should know. */
async function tellChanged(run: LiveRun, where: GatePlace): Promise<void> {
  const paths = (await where.changed?.()) ?? [];
  if (paths.length === 0) return;
  const named = paths.slice(0, 10).join(", ");
  run.notice("warning", `Setup or gates changed tracked files, and that does not land: ${named}`);
}

/** Null when the tree is ready for gates; a setup that fails is the tree's own fault and counts as a red gate. */
export async function runSetup(
  place: Workplace,
  run: LiveRun,
  rig: Pick<RigSpec, "setup">,
  where: GatePlace,
): Promise<GatesEnd | null> {
  if (rig.setup === null) return null;
  const gate: Gate = { name: "setup", command: rig.setup, timeoutMs: SETUP_TIMEOUT_MS };
  const end = await once(place, run, gate, where, "open");
  if (end.kind === "infra") return end;
  return end.result.ok ? null : { kind: "ran", green: false, gates: shorten([end.result], 1) };
}

type Judged = { kind: "judged"; result: GateResult } | { kind: "infra"; message: string };

async function judge(
  place: Workplace,
  run: LiveRun,
  gate: Gate,
  where: GatePlace,
): Promise<Judged> {
  const first = await once(place, run, gate, where, "none");
  if (first.kind === "infra" || first.result.ok || run.signal.aborted) return first;
  const second = await once(place, run, gate, where, "none");
  if (second.kind === "infra" || !second.result.ok) return second;
  const log = `This gate was red, then green when run again on the same tree. Its first output:\n${first.result.log}`;
  return { kind: "judged", result: { ...second.result, log } };
}

async function once(
  place: Workplace,
  run: LiveRun,
  gate: Gate,
  where: GatePlace,
  network: "none" | "open",
): Promise<Judged> {
  const { name, command, timeoutMs } = gate;
  run.event({
    kind: "gate",
    partId: `gate:${name}`,
    name,
    state: "running",
    log: "",
    durationMs: null,
  });
  await Promise.all(
    [where.homeDir, where.tmpDir].map((dir) => mkdir(dir, { recursive: true, mode: 0o700 })),
  );
  const env = { ...place.sandbox.environment({ home: where.homeDir, tmp: where.tmpDir }), CI: "1" };
  const spec = {
    mode: place.sandbox.mode,
    runId: run.spec.runId,
    owner: place.owner,
    cwd: where.treeDir,
    env,
    readOnly: where.readOnly,
    readWrite: [where.treeDir, where.homeDir, where.tmpDir],
    hide: place.hide,
    network,
  };
  const output = await place.sandbox.runSandboxed(spec, [...SHELL, `exec 2>&1\n${command}`], {
    timeoutMs,
    outputBytesMax: GATE_OUTPUT_BYTES_MAX,
    graceMs: STOP_GRACE_MS,
    signal: run.signal,
  });
  const infra = whyNotRun(output, run);
  if (infra !== null) return { kind: "infra", message: infra };
  const result = resultOf(gate, output);
  tellGate(run, result, result.ok ? "green" : "red");
  return { kind: "judged", result };
}

/** What says that the command never ran, or was ended by us, as a sentence; null when it ran. */
function whyNotRun({ exit, stdout, stderr }: RunOutput, run: LiveRun): string | null {
  if (run.signal.aborted) return "The run was stopped while its gates ran.";
  // Inside, everything is said on standard output; what stands on standard error comes from the sandbox.
  const said = stderr.trim();
  if (said.startsWith("bwrap:") || (exit.code === CANNOT_START && stdout === "" && said !== "")) {
    return `The sandbox could not be started: ${said.slice(0, 500)}`;
  }
  return null;
}

function resultOf({ name, command }: Gate, { exit, stdout, stderr }: RunOutput): GateResult {
  const log = [
    stdout,
    stderr,
    exit.timedOut ? "\n[stopped: the time limit of this gate was over]" : "",
  ].join("");
  return {
    name,
    command,
    ok: exit.code === 0 && !exit.timedOut,
    code: exit.code,
    timedOut: exit.timedOut,
    durationMs: Math.round(exit.durationMs),
    log: cutMiddle(log, GATE_LOG_CHARS_MAX),
  };
}

function tellGate(
  run: LiveRun,
  { name, log, durationMs }: GateResult,
  state: "green" | "red",
): void {
  run.event({
    kind: "gate",
    partId: `gate:${name}`,
    name,
    state,
    log: cutMiddle(log, GATE_LOG_CHARS_MAX),
    durationMs,
  });
}

function shorten(gates: readonly GateResult[], count: number): GateResult[] {
  const charsMax = Math.min(GATE_LOG_CHARS_MAX, Math.floor(LOGS_CHARS_MAX / Math.max(1, count)));
  return gates.map((gate) => ({ ...gate, log: cutMiddle(gate.log, charsMax) }));
}

function cacheKey(place: Workplace, rig: Pick<RigSpec, "gates" | "setup">, tree: Oid): string {
  return createHash("sha256")
    .update(JSON.stringify([tree, rig.setup, rig.gates, place.sandbox.mode]))
    .digest("hex");
}
