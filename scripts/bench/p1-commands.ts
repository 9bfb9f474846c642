// P1: durable commands over the protocol, against what SQLite and Socket.IO allow on this machine in the same minutes.
import { join } from "node:path";
import type { Socket } from "socket.io-client";
import type { Ack } from "../../protocol/index.ts";
import type { Bench, BenchContext, Measurement } from "./bench.ts";
import { type Ask, pump, type Pumped } from "./load/pipelined.ts";
import { openSockets } from "./load/sockets.ts";
import { serveTown, type ServedTown } from "./load/served-town.ts";
import { serveEcho } from "./peers/echo.ts";
import { CommandFile } from "./peers/raw-sqlite.ts";
import { median, medianRatio } from "./spread.ts";

const CLIENTS = 8;
const IN_FLIGHT = 64;
const ROUNDS = 5;
const WINDOW_MS = 2_000;
const OVER_SQLITE_MIN = 2;
const OVER_ECHO_MIN = 0.25;
const RIG = "bench";

export const p1Commands: Bench = {
  id: "P1",
  title: `bead.sling of held beads acknowledged after its commit, ${IN_FLIGHT} in flight for each of ${CLIENTS} clients`,
  async run(context) {
    await using town = await serveTown({
      root: context.root,
      dataDir: join(context.folder, "data"),
    });
    await using echo = await serveEcho();
    using file = new CommandFile(context.folder);
    using askers = await openSockets(town.url, CLIENTS, town.token);
    using callers = await openSockets(echo.url, CLIENTS);
    await addRig(askers.all[0]);
    const rounds: Round[] = [];
    // A warm-up of each: the first answers are slow while code is compiled.
    await pump(callers.all.map(commander), IN_FLIGHT, WINDOW_MS / 4);
    for (let round = 1; round <= ROUNDS; round++) {
      const before = town.cpuMs();
      const own = await pumped(askers.all);
      const cpuMs = (town.cpuMs() - before) / own.answered;
      const echoed = await pumped(callers.all);
      const sqlite = file.perSecond(WINDOW_MS);
      rounds.push({ town: own.perSecond, cpuMs, echo: echoed.perSecond, sqlite });
      context.progress(`  ${round} of ${ROUNDS}: ${describe(rounds.at(-1))}`);
    }
    return figures(rounds);
  },
  async profile(context, file) {
    await using town = await profiledTown(context, file);
    using askers = await openSockets(town.url, CLIENTS, town.token);
    await addRig(askers.all[0]);
    await pumped(askers.all);
  },
};

/** Answers per second, and processor time of the town per command. */
interface Round {
  town: number;
  cpuMs: number;
  echo: number;
  sqlite: number;
}

function profiledTown({ root, folder }: BenchContext, profile: string): Promise<ServedTown> {
  return serveTown({ root, dataDir: join(folder, "data"), profile });
}

function describe(round: Round | undefined): string {
  if (round === undefined) return "nothing";
  const { town, cpuMs, echo, sqlite } = round;
  return `town ${town.toFixed(0)}/s, ${cpuMs.toFixed(2)} ms of processor each, echo ${echo.toFixed(0)}/s, SQLite FULL ${sqlite.toFixed(0)}/s`;
}

function figures(rounds: readonly Round[]): Measurement[] {
  const middle = (of: keyof Round): string => median(rounds.map((round) => round[of])).toFixed(0);
  const cpuMs = median(rounds.map((round) => round.cpuMs)).toFixed(2);
  return [
    {
      name: `of one transaction per command (${middle("town")}/s over ${middle("sqlite")}/s, ${cpuMs} ms of processor each)`,
      value: medianRatio(rounds.map(({ town, sqlite }) => [town, sqlite])),
      unit: "x",
      bar: { atLeast: OVER_SQLITE_MIN },
    },
    {
      name: `of a bare Socket.IO echo (${middle("town")}/s over ${middle("echo")}/s)`,
      value: medianRatio(rounds.map(({ town, echo }) => [town, echo])),
      unit: "x",
      bar: { atLeast: OVER_ECHO_MIN },
    },
  ];
}

/** Nothing is started in it: there is no runner, and its beads are held. */
async function addRig(socket: Socket | undefined): Promise<void> {
  const body = { name: RIG, remote: "/nowhere/bench.git" };
  const ack = (await socket?.emitWithAck("command", { name: "rig.add", body })) as Ack;
  if (!ack.ok) throw new Error(ack.error.message);
}

async function pumped(sockets: readonly Socket[]): Promise<Pumped> {
  const all = await pump(sockets.map(commander), IN_FLIGHT, WINDOW_MS);
  if (all.refused > 0) throw new Error(`${all.refused} commands were refused`);
  return all;
}

let count = 0;

function commander(socket: Socket): Ask {
  return (answered) => {
    count += 1;
    const body = { rig: RIG, title: `Bead ${count} of the bench`, held: true };
    const frame = { name: "bead.sling", body, key: `bench-${count}` };
    socket.emit("command", frame, (ack: Ack) => answered(ack.ok));
  };
}
