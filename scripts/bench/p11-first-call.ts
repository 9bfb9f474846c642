// P11: from a sling to its agent's first request to the model, on a local runner that has something ready; beside it without.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { agentEventSchema } from "../../protocol/stream.ts";
import { makeRemote } from "../../tests/support/git-rig.ts";
import { openWholeTown, untilLanded, type WholeTown } from "../../tests/support/whole-town.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { percentile } from "./spread.ts";

const P95_MS_MAX = 1_500;
/** One after the other: what is measured is a start, not a crowd of them. */
const SLINGS = 12;
const READY_MS_MAX = 60_000;
const LOOK_MS = 50;

interface Start {
  totalMs: number;
  /** From the sling to the beginning of each phase of the run, by its name. */
  phases: ReadonlyMap<string, number>;
}

export const p11FirstCall: Bench = {
  id: "P11",
  title: "sling to first model request on a local runner, with a tree and an agent ready",
  async run(context) {
    const cold = await starts(context, "without anything ready", 0);
    const warm = await starts(context, "with a tree and an agent ready", 300_000);
    const p95 = (of: readonly Start[]) =>
      percentile(
        of.map(({ totalMs }) => totalMs),
        0.95,
      );
    const times = `${(p95(cold) / p95(warm)).toFixed(1)} times as fast as without`;
    const name = `p95 of ${warm.length}, ${times}`;
    return [{ name, value: p95(warm), unit: "ms", bar: { atMost: P95_MS_MAX } }];
  },
};

/** The first one clones, and is not counted. */
async function starts(context: BenchContext, how: string, warmWorkMs: number): Promise<Start[]> {
  const remote = join(context.folder, `${warmWorkMs}.git`);
  await makeRemote(remote, { bare: true });
  await using town = await openWholeTown({ policy: { warmWorkMs } });
  await town.client.call("rig.add", { name: "sample", remote, gates: [], codeReview: false });
  await start(town, 0);
  const seen: Start[] = [];
  for (let n = 1; n <= SLINGS; n++) {
    if (warmWorkMs > 0) await untilReady(town, n);
    seen.push(await start(town, n));
  }
  tell(context, how, seen);
  return seen;
}

/** Slings a bead, and waits until it has landed: the next one finds the host as idle. */
async function start(town: WholeTown, n: number): Promise<Start> {
  const title = `Bead ${n}`;
  const slungAt = Date.now();
  const { id } = await town.client.call("bead.sling", { rig: "sample", title });
  await untilLanded(town, id);
  const first = town.calls.find((call) => call.role === "polecat" && call.beadTitle === title);
  const { runs } = await town.client.call("bead.get", { bead: id });
  const work = runs.find(({ kind }) => kind === "work");
  if (work === undefined) throw new Error("the bead has no run");
  const phases = new Map([["offered", work.offeredAt - slungAt]]);
  for (const { phase, at } of phasesOf(town, work.id)) phases.set(phase, at - slungAt);
  return { totalMs: (first?.at ?? Number.NaN) - slungAt, phases };
}

function phasesOf(town: WholeTown, runId: string): { phase: string; at: number }[] {
  using db = new Database(join(town.dataDir, "events.db"), { readonly: true });
  const rows = db
    .query<{ event: string }, [string]>("select event from events where run_id = ? order by seq")
    .all(runId);
  return rows.flatMap(({ event }) => {
    const { at, body } = agentEventSchema.parse(JSON.parse(event));
    return body.kind === "phase" ? [{ phase: body.phase, at }] : [];
  });
}

/** The runner has said in its log so many times that it is ready, with an agent. */
async function untilReady(town: WholeTown, times: number): Promise<void> {
  const log = Bun.file(join(town.dataDir, "logs", "runner.log"));
  const deadline = Date.now() + READY_MS_MAX;
  while ((await log.text()).split('"ready for the next work"').length - 1 < times) {
    if (Date.now() > deadline) throw new Error("the runner had nothing ready within a minute");
    await Bun.sleep(LOOK_MS);
  }
}

function tell(context: BenchContext, how: string, seen: readonly Start[]): void {
  const ms = (share: number, of: readonly number[]) => Math.round(percentile(of, share));
  const totals = seen.map(({ totalMs }) => totalMs);
  const spread = `p50 ${ms(0.5, totals)} ms, p95 ${ms(0.95, totals)} ms, slowest ${ms(1, totals)} ms`;
  context.progress(`  ${seen.length} slings ${how}: ${spread}`);
  const begins = [...(seen[0]?.phases.keys() ?? [])].map((name) => {
    const at = seen.map(({ phases }) => phases.get(name) ?? Number.NaN);
    return `${name} ${ms(0.5, at)}`;
  });
  const last = `first request ${ms(0.5, totals)}`;
  context.progress(`    ms from the sling at p50: ${[...begins, last].join(", ")}`);
}
