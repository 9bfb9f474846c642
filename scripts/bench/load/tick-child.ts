// A town's core in a process of its own, which changes one bead again and again when its parent asks, and says how long each took.
import { openCore } from "./core.ts";
import type { TickAnswer, TickQuestion } from "./tick-town.ts";

const town = await openCore(process.argv[2] ?? "", { runnerLostMs: 1 });
let turn = 0;

/** Closes an open bead or opens it again: one command, one tick. Ticks that follow from it fall into the next sample. */
async function change(beads: readonly string[]): Promise<void> {
  const bead = beads[Math.floor(turn / 2) % beads.length] ?? "";
  turn += 1;
  if (turn % 2 === 1) await town.call("bead.close", { bead, outcome: "cancelled" });
  else await town.call("bead.reopen", { bead });
}

process.on("message", (question: TickQuestion) => void answer(question));

async function answer({ beads, samples, msMax }: TickQuestion): Promise<void> {
  const times: number[] = [];
  const before = process.cpuUsage();
  const endMs = performance.now() + msMax;
  // An even number leaves every bead as it was.
  while (times.length < samples && (performance.now() < endMs || times.length % 2 === 1)) {
    const startedMs = performance.now();
    await change(beads);
    times.push(performance.now() - startedMs);
  }
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1_000 / times.length;
  process.send?.({ times, cpuMs } satisfies TickAnswer);
}

process.on("disconnect", () => void town[Symbol.asyncDispose]().then(() => process.exit(0)));
process.send?.({ times: [], cpuMs: 0 } satisfies TickAnswer);
