// P14: what the model gateway costs: time to the first byte, and throughput of streams.
import { join } from "node:path";
import type { Bench, Measurement } from "./bench.ts";
import { atEnd } from "./load/at-end.ts";
import { median, medianRatio, percentile } from "./spread.ts";

const ROUNDS = 5;
/** Small answers one after the other, for the time to the first byte. */
const CALLS = 200;
const WARM_UP_CALLS = 50;
/** Streams at once, and how long each is: tokens as providers send them, about 200 bytes each. */
const STREAMS = 50;
const EVENTS = 2_000;
const FIRST_BYTE_MS_MAX = 5;
const OVER_DIRECT_MIN = 0.8;
/** As large as an agent's conversation in the middle of its work. */
const CONVERSATION_CHARS = 60_000;

export const p14Gateway: Bench = {
  id: "P14",
  title: `the model gateway beside a direct call: ${CALLS} first bytes, ${STREAMS} streams`,
  async run(context) {
    await using scene = await openScene(context.root);
    const { direct, gateway, relay } = scene;
    const targets = [direct, gateway, relay];
    for (const target of targets) await firstBytes(target, WARM_UP_CALLS);
    const rounds: Round[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      // In turn, and each in turn first: what is second finds the processor warmer.
      const order = [...targets.slice(round % 3), ...targets.slice(0, round % 3)];
      const measured = new Map<Target, Figures>();
      for (const target of order) {
        const times = await firstBytes(target, CALLS);
        measured.set(target, { times, bytesPerMs: await streams(target) });
      }
      rounds.push({
        direct: of(measured, direct),
        gateway: of(measured, gateway),
        relay: of(measured, relay),
      });
      context.progress(`  ${round} of ${ROUNDS}: ${describe(rounds.at(-1))}`);
    }
    return figures(rounds);
  },
};

interface Figures {
  /** Milliseconds from asking to the first byte. */
  times: number[];
  bytesPerMs: number;
}

interface Round {
  direct: Figures;
  gateway: Figures;
  /** A relay that looks at nothing: the limit of this runtime. */
  relay: Figures;
}

interface Target {
  url: string;
  token: string;
}

const KEY = "bench-key";
const TOKEN = "bench-token";

/** Endpoint and gateway are processes of their own, as they are for an agent. */
async function openScene(root: string) {
  const endpoint = await startChild(root, ["peers/stream-server.ts"]);
  const gateway = await startChild(root, ["load/gateway-child.ts", endpoint.url, KEY, TOKEN]);
  const relay = await startChild(root, ["peers/bare-relay.ts", endpoint.url]);
  return {
    direct: { url: endpoint.url, token: KEY },
    gateway: { url: gateway.url, token: TOKEN },
    relay: { url: relay.url, token: TOKEN },
    async [Symbol.asyncDispose]() {
      await relay.stop();
      await gateway.stop();
      await endpoint.stop();
    },
  };
}

/** Starts a script of this folder and reads the address that it prints. */
async function startChild(root: string, [script, ...rest]: readonly string[]) {
  const path = join(root, "scripts/bench", script ?? "");
  const child = Bun.spawn([process.execPath, path, ...rest], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const gone = atEnd(() => child.kill());
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error(`${script} did not start`);
  const url = new TextDecoder().decode(value).trim();
  const stop = async () => {
    gone();
    child.kill();
    await child.exited;
  };
  return { url, stop };
}

const CONVERSATION = Array.from({ length: 60 }, (_, index) => ({
  role: index % 2 === 0 ? "user" : "assistant",
  content: "words of a conversation ".repeat(CONVERSATION_CHARS / 60 / 24),
}));

async function ask({ url, token }: Target, events: number): Promise<Response> {
  const answer = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "m", stream: true, max_tokens: events, messages: CONVERSATION }),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

async function firstBytes(target: Target, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    const began = performance.now();
    const reader = (await ask(target, 1)).body?.getReader();
    await reader?.read();
    times.push(performance.now() - began);
    while ((await reader?.read())?.done === false);
  }
  return times;
}

/** Bytes per millisecond of all streams together. */
async function streams(target: Target): Promise<number> {
  const began = performance.now();
  const read = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      let bytes = 0;
      for await (const piece of (await ask(target, EVENTS)).body ?? []) bytes += piece.byteLength;
      return bytes;
    }),
  );
  const [first = 0] = read;
  if (first < EVENTS || read.some((bytes) => bytes !== first))
    throw new Error(`streams of different length: ${read.join(", ")}`);
  return (first * STREAMS) / (performance.now() - began);
}

function of(measured: ReadonlyMap<Target, Figures>, target: Target): Figures {
  const found = measured.get(target);
  if (found === undefined) throw new Error("a round without its figures");
  return found;
}

/** What the slow ones cost more than the slow ones of a direct call. */
function addedP99({ direct, gateway }: Round): number {
  return percentile(gateway.times, 0.99) - percentile(direct.times, 0.99);
}

function describe(round: Round | undefined): string {
  if (round === undefined) return "nothing";
  const { direct, gateway, relay } = round;
  const bytes = ({ times, bytesPerMs }: Figures): string =>
    `p50 ${median(times).toFixed(2)} ms, p99 ${percentile(times, 0.99).toFixed(2)} ms, ${(bytesPerMs / 1_000).toFixed(1)} MB/s`;
  return `direct ${bytes(direct)}; gateway ${bytes(gateway)}; relay ${bytes(relay)}`;
}

function figures(rounds: readonly Round[]): Measurement[] {
  const middle = (value: (round: Round) => number): number => median(rounds.map(value));
  const p50 = middle((round) => median(round.gateway.times) - median(round.direct.times));
  const direct = middle((round) => percentile(round.direct.times, 0.99));
  const rate = (who: keyof Round) => (middle((round) => round[who].bytesPerMs) / 1_000).toFixed(1);
  return [
    {
      name: `added to the first byte at p99 (p50 ${p50.toFixed(2)} ms; direct p99 ${direct.toFixed(1)} ms)`,
      value: middle(addedP99),
      unit: "ms",
      bar: { atMost: FIRST_BYTE_MS_MAX },
    },
    {
      name: `of direct with ${STREAMS} streams (${rate("gateway")} MB/s over ${rate("direct")} MB/s; a relay that looks at nothing ${rate("relay")} MB/s)`,
      value: medianRatio(
        rounds.map((round) => [round.gateway.bytesPerMs, round.direct.bytesPerMs]),
      ),
      unit: "x",
      bar: { atLeast: OVER_DIRECT_MIN },
    },
  ];
}
