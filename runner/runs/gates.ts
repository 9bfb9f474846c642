/** Runs a rig's setup and gates on a tree, in the sandbox: they are code of the repository. */
import { createHash } from "node:crypto";
import type { Ack } from "../../protocol/error.ts";
import { GATE_LOG_CHARS_MAX } from "../../protocol/limits.ts";
import type { Gate } from "../../protocol/gate.ts";
import type { GateResult } from "../../protocol/review.ts";
import type { RigSpec } from "../../protocol/run-spec.ts";
import { SETUP_TIMEOUT_MS } from "../config.ts";
import type { Oid } from "../git/porcelain.ts";
import type { CommandEnd, CommandPlace, RigCommand } from "../works/commands.ts";
import { networkOf } from "../egress/destination.ts";
import { cutMiddle } from "./cut-text.ts";
import type { CommandUse } from "./given.ts";
import type { LiveRun } from "./live-run.ts";
import type { Workplace } from "./workplace.ts";

/** What of a rig says how a tree is judged. */
type Judging = Pick<RigSpec, "gates" | "setup" | "egress" | "lfs" | "environment">;

/** Where gates run. */
export type GatePlace = CommandPlace & {
  /** Tracked files that differ from what was written; where nobody else writes the tree. */
  changed?: () => Promise<readonly string[]>;
  /** False: it lacks contents that another runner, or a later day, may have. */
  isWhole?: boolean;
};

export type GatesEnd =
  | { kind: "ran"; green: boolean; gates: GateResult[] }
  /** They could not be run: nothing is said about the tree. Without a code it may pass by itself. */
  | { kind: "infra"; message: string; code?: string };

/** No tree could be had for them. */
export type Unopened = { infra: string; code: string };
/** Of a host or town that could not do its part: it is tried again. */
export const GATES_FAILED = "gate_infrastructure";

/** Logs of all gates of one result together stay below a frame. */
const LOGS_CHARS_MAX = 60_000;

/** Setup, then every gate in order; the first red one ends it. A red gate is run a second time before it counts. */
export async function runGates(
  place: Workplace,
  run: LiveRun,
  rig: Judging,
  where: GatePlace,
): Promise<GatesEnd> {
  const setup = await runSetup(place, run, rig, where);
  if (setup !== null) return setup;
  const gates: GateResult[] = [];
  for (const gate of rig.gates) {
    const end = await judge(place, run, gate, where, networkOf(rig.egress));
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
  rig: Judging,
  tree: Oid,
  open: () => Promise<GatePlace | Unopened>,
): Promise<GatesEnd> {
  if (rig.gates.length === 0 && rig.setup === null) return { kind: "ran", green: true, gates: [] };
  const key = cacheKey(place, rig, tree);
  const known = place.gateCache.find(key);
  if (known !== null) {
    for (const result of known) tellGate(run, result, "green");
    return { kind: "ran", green: true, gates: known };
  }
  const where = await open();
  if ("infra" in where) return { kind: "infra", message: where.infra, code: where.code };
  const end = await runGates(place, run, rig, where);
  await tellChanged(run, where);
  // A red one may be the host's fault, and is cheap to find out again.
  if (end.kind === "ran" && end.green && where.isWhole !== false)
    place.gateCache.keep(key, end.gates, place.clock.now());
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
  const end = await once(place, run, gate, where, "setup", "host");
  if (end.kind === "infra") return end;
  return end.result.ok ? null : { kind: "ran", green: false, gates: shorten([end.result], 1) };
}

type Judged = { kind: "judged"; result: GateResult } | { kind: "infra"; message: string };

async function judge(
  place: Workplace,
  run: LiveRun,
  gate: Gate,
  where: GatePlace,
  network: RigCommand["network"],
): Promise<Judged> {
  const first = await once(place, run, gate, where, "gates", network);
  if (first.kind === "infra" || first.result.ok || run.signal.aborted) return first;
  const second = await once(place, run, gate, where, "gates", network);
  if (second.kind === "infra" || !second.result.ok) return second;
  const log = `This gate was red, then green when run again on the same tree. Its first output:\n${first.result.log}`;
  return { kind: "judged", result: { ...second.result, log } };
}

async function once(
  place: Workplace,
  run: LiveRun,
  gate: Gate,
  where: GatePlace,
  use: CommandUse,
  network: RigCommand["network"],
): Promise<Judged> {
  const { name, command, timeoutMs } = gate;
  const given = await commandEnvironment(place, run, use);
  if (!given.ok) return { kind: "infra", message: given.error.message };
  run.event({
    kind: "gate",
    partId: `gate:${name}`,
    name,
    state: "running",
    log: "",
    durationMs: null,
  });
  const { runId } = run.spec;
  const { signal } = run;
  run.given.used.add(where.treeDir);
  const end = await place.commands.run({
    ...{ runId, line: command, place: where, env: given.value, timeoutMs, signal },
    network,
  });
  if (signal.aborted) return { kind: "infra", message: "The run was stopped while its gates ran." };
  if (end.kind === "not_started") return { kind: "infra", message: end.message };
  const result = resultOf(gate, { ...end, output: run.given.hide(end.output) });
  tellGate(run, result, result.ok ? "green" : "red");
  return { kind: "judged", result };
}

/** The environment of a command of the rig. What the town refuses is the town's or the host's, not the tree's. */
export function commandEnvironment(
  place: Workplace,
  run: LiveRun,
  use: CommandUse,
): Promise<Ack<Record<string, string>>> {
  const { runId, fence } = run.spec;
  return run.given.forCommand(use, () => place.town.secrets({ runId, fence }));
}

function resultOf(
  { name, command }: Gate,
  { exit, output }: Extract<CommandEnd, { kind: "ran" }>,
): GateResult {
  const late = exit.timedOut ? "\n[stopped: the time limit of this gate was over]" : "";
  return {
    name,
    command,
    ok: exit.code === 0 && !exit.timedOut,
    code: exit.code,
    timedOut: exit.timedOut,
    durationMs: Math.round(exit.durationMs),
    log: cutMiddle(output + late, GATE_LOG_CHARS_MAX),
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

function cacheKey(place: Workplace, rig: Judging, tree: Oid): string {
  const { setup, gates, egress, lfs, environment } = rig;
  const judging = [setup, gates, egress, lfs, place.isolation, environment.version];
  return createHash("sha256")
    .update(JSON.stringify([tree, ...judging]))
    .digest("hex");
}
