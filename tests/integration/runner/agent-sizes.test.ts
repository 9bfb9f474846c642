// What agents take of a host, by processes that take memory.
import { expect, test } from "bun:test";
import type { ExitRecord } from "../../../protocol/index.ts";
import { residentBytesOf } from "../../../runner/agents/resident-bytes.ts";
import { AgentScales } from "../../../runner/host/agent-sizes.ts";
import { AGENT_MEMORY_BYTES } from "../../../runner/host/resource-gate.ts";

const MB = 1024 ** 2;
const GROW = `
  const held = [];
  for await (const line of console) {
    if (Number(line) === 0) held.length = 0;
    else held.push(new Uint8Array(Number(line) * ${MB}).fill(1));
    console.log("done");
  }
`;

/** A process that takes memory when it is told to, behind a small parent as agents are. */
class Grower implements AsyncDisposable {
  readonly #child = Bun.spawn(["/bin/sh", "-c", '"$0" -e "$1"; exit', process.execPath, GROW], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  readonly #lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  readonly #gone = Promise.withResolvers<ExitRecord>();
  readonly exited = this.#gone.promise;

  async take(megabytes: number): Promise<void> {
    void this.#child.stdin.write(`${megabytes}\n`);
    await this.#child.stdin.flush();
    await this.#lines.read();
  }
  residentBytes(): Promise<number | null> {
    return residentBytesOf(this.#child.pid);
  }
  async end(): Promise<void> {
    await this.#child.stdin.end();
    await this.#child.exited;
    this.#gone.resolve({
      code: 0,
      signal: null,
      timedOut: false,
      cancelled: false,
      forced: false,
      durationMs: 1,
    });
    await this.exited;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function looks(scales: AgentScales, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await scales.look();
}

test("[C21] an agent is as large as the largest was with all that it has started, at work or ended", async () => {
  const scales = new AgentScales({ mono: () => 0 });
  await using one = new Grower();
  await using two = new Grower();
  scales.watch(one, true);
  scales.watch(two, false);
  await one.take(300);
  await two.take(1);
  await looks(scales, 2);
  // A glance is no measure. Who asks begins the next one.
  expect(scales.sizes()).toMatchObject({ agentBytes: AGENT_MEMORY_BYTES, count: 1 });
  await looks(scales, 1);
  const measured = scales.sizes();
  expect(measured.agentBytes).toBeGreaterThan(300 * MB);
  expect(measured.agentBytes).toBeLessThan(AGENT_MEMORY_BYTES);
  // The other one may still become as large.
  expect(measured.growthBytes).toBeGreaterThan(200 * MB);
  await one.end();
  expect(scales.sizes()).toMatchObject({ agentBytes: measured.agentBytes, count: 0 });
  await two.end();
  expect(scales.sizes()).toEqual({ agentBytes: measured.agentBytes, count: 0, growthBytes: 0 });
}, 60_000);

test("[C21] what ended before it could be measured says nothing of the next one's size", async () => {
  const scales = new AgentScales({ mono: () => 0 });
  await using one = new Grower();
  scales.watch(one, true);
  await one.take(1);
  await looks(scales, 2);
  await one.end();
  expect(scales.sizes()).toEqual({ agentBytes: AGENT_MEMORY_BYTES, count: 0, growthBytes: 0 });
}, 60_000);
