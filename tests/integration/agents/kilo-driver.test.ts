import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { driverContract } from "../../../runner/agents/driver.contract.ts";
import type { AgentEvent } from "../../../runner/agents/driver.ts";
import { firstMessage } from "../../../runner/agents/briefing.ts";
import { beadSpecSchema, rigSpecSchema } from "../../../protocol/run-spec.ts";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { drawn } from "../../support/sample.ts";
import { API_KEY, openAgentStage, type AgentStage } from "./stage.ts";

const TIMEOUT_MS = 60_000;
const isClosed = (event: AgentEvent) => event.type === "turn_closed";
const message = {
  text: "Bead: Probe\nBead id: b\nAttempt: 1\nRound: 1\n\nProbe.",
  messageId: "m1",
};

const KEEPING = { timeoutMs: TIMEOUT_MS, remembers: true, tells: "summaries too" } as const;
const MODES = [
  { name: "in bubblewrap", mode: "bwrap" },
  { name: "without isolation", mode: "none" },
] as const;
for (const { name, mode } of drawn("kilo's contract", MODES))
  driverContract(
    `kilo ${name}`,
    (turns, resume) => openAgentStage({ turns, mode, spec: () => ({ ...(resume && { resume }) }) }),
    KEEPING,
  );

async function startAndPrompt(stage: AgentStage, text = message.text): Promise<void> {
  const started = await stage.driver.start();
  if (!started.ok) throw new Error(started.error.message);
  const prompted = await stage.driver.prompt({ text, messageId: "m1" });
  if (!prompted.ok) throw new Error(prompted.error.message);
}

function outputOf(stage: AgentStage, tool: string): string {
  const end = stage.events.find((event) => event.type === "tool_end" && event.tool === tool);
  return end?.type === "tool_end" ? end.output : "";
}

test(
  "[C23] an agent's own shell sees no key, no data of the town, no other run and no network",
  async () => {
    const probe = [
      "env",
      "ls -a /root /home 2>&1",
      "find / -xdev -name 'other-secret' 2>/dev/null",
      "ls /run/gt",
      "git push https://example.com/x.git HEAD 2>&1",
      "bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' 2>&1 || echo no-network",
      "cat /proc/*/environ | tr '\\0' '\\n'",
    ].join("\n");
    const look = { name: "bash", arguments: { command: "bash probe.sh", description: "probe" } };
    await using stage = await openAgentStage({ turns: [{ tool: look }, { text: "Done." }] });
    // In a file, because the agent itself refuses a command line that names outside paths: that is not the wall we test.
    await Bun.write(join(stage.dirs.tree, "probe.sh"), probe);
    await Bun.write(join(stage.world.dataDir, "other-secret"), "town secret");
    await Bun.write(join(stage.world.dataDir, "runs/r2/tree/other-secret"), "of another run");
    await Bun.write(join(stage.world.dataDir, "s/r2/other-secret"), "socket of another run");
    await startAndPrompt(stage);
    await stage.awaitEvent(isClosed);
    const seen = outputOf(stage, "bash");
    expect(seen).toContain("HOME=");
    expect(seen).not.toContain(API_KEY);
    expect(seen).not.toContain("other-secret");
    expect(seen).toContain("no-network");
    expect(seen).toContain("gateway.sock");
    expect(seen).not.toContain("agent.sock");
    expect(seen).toMatch(/cannot access '\/root'/);
  },
  TIMEOUT_MS,
);

test(
  "[C23] the agent's server wants the run's password, and its socket is out of the agent's reach",
  async () => {
    await using stage = await openAgentStage({ turns: [{ text: "Hello." }] });
    expect(await stage.driver.start()).toMatchObject({ ok: true });
    const unix = join(stage.dirs.sockets, "agent.sock");
    const ask = async (authorization?: string) => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      return (await fetch("http://127.0.0.1/session", { unix, headers })).status;
    };
    expect(await ask()).toBe(401);
    expect(await ask(`Basic ${btoa("kilo:wrong")}`)).toBe(401);
    expect(await ask(`Basic ${btoa(`kilo:${stage.password}`)}`)).toBe(200);
    expect((await lstat(unix)).isSocket()).toBe(true);
    expect(await readdir(join(stage.dirs.sockets, "a"))).not.toContain("agent.sock");
  },
  TIMEOUT_MS,
);

test(
  "[C16] a polecat's first request stays within 20 KB, tools included, and every call is metered",
  async () => {
    await using stage = await openAgentStage({
      turns: [{ tool: { name: "gt_done", arguments: { summary: "s" } } }, { text: "End." }],
    });
    await startAndPrompt(
      stage,
      firstMessage({ role: "polecat", bead: sampleBead(), rig: sampleRig(), savedOid: null }),
    );
    await stage.awaitEvent(isClosed);
    expect(stage.calls[0]?.requestBytes).toBeLessThanOrEqual(20 * 1024);
    expect(stage.usage.map(({ model, metered }) => ({ model, metered }))).toEqual([
      { model: "big", metered: true },
      { model: "big", metered: true },
    ]);
    expect(stage.driver.usage().inputTokens).toBe(
      stage.usage.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    );
  },
  TIMEOUT_MS,
);

test(
  "[C4] a Mayor's first request stays within 24 KB and offers nothing but the town's tools",
  async () => {
    await using stage = await openAgentStage({
      role: "mayor",
      turns: [{ tool: { name: "gt_rigs", arguments: {} } }, { text: "You have one rig." }],
    });
    await startAndPrompt(stage, "Which rigs are there?");
    await stage.awaitEvent(isClosed);
    expect(stage.calls[0]?.requestBytes).toBeLessThanOrEqual(24 * 1024);
    expect(stage.toolCalls).toEqual([{ tool: "gt_rigs", args: {} }]);
  },
  TIMEOUT_MS,
);

test(
  "[C23] a role's missing tools are refused by the agent too: a refinery cannot write",
  async () => {
    const write = { name: "write", arguments: { filePath: "x.txt", content: "x" } };
    await using stage = await openAgentStage({
      role: "refinery",
      turns: [{ tool: write }, { text: "I cannot." }],
    });
    await startAndPrompt(stage);
    await stage.awaitEvent(isClosed);
    expect(stage.events).not.toContainEqual(
      expect.objectContaining({ type: "tool_end", tool: "write", ok: true }),
    );
    expect(await readdir(stage.dirs.tree)).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "[C16] a refused model call ends the turn with the gateway's reason",
  async () => {
    const refusal = {
      ok: false,
      code: "stale_fence",
      message: "This run has been replaced.",
      status: 403,
    } as const;
    await using stage = await openAgentStage({ turns: [{ text: "never" }], admit: () => refusal });
    await startAndPrompt(stage);
    expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "error" });
    expect(stage.events).toContainEqual({
      type: "error",
      kind: "refused",
      code: "stale_fence",
      message: refusal.message,
    });
    expect(stage.modelCalls()).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "[C12] an agent whose tool server does not answer is a failed start that leaves nothing",
  async () => {
    await using stage = await openAgentStage({
      turns: [],
      spec: ({ tools }) => ({ tools: { ...tools, secret: "of another run" } }),
    });
    expect(await stage.driver.start()).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("town's tools") },
    });
    expect(await findStrays({ owner: stage.world.owner })).toEqual([]);
    expect(await stage.driver.exited).toMatchObject({ cancelled: true });
  },
  TIMEOUT_MS,
);

test(
  "[C12] an agent whose first streams of events break is heard by a later one",
  async () => {
    await using stage = await openAgentStage({
      mode: "none",
      turns: [{ text: "Heard." }],
      deaf: { broken: 2 },
    });
    await startAndPrompt(stage);
    expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "completed" });
    expect(stage.events).toContainEqual(expect.objectContaining({ type: "text", text: "Heard." }));
  },
  TIMEOUT_MS,
);

test(
  "[C12] an agent that cannot be heard is a failed start, in time, that leaves nothing",
  async () => {
    await using stage = await openAgentStage({
      mode: "none",
      turns: [],
      deaf: "hold",
      startTimeoutMs: 10_000,
    });
    expect(await stage.driver.start()).toMatchObject({
      ok: false,
      error: { code: "deadline", retryable: true, message: expect.stringContaining("events") },
    });
    expect(await findStrays({ owner: stage.world.owner })).toEqual([]);
    expect(await stage.driver.exited).toMatchObject({ cancelled: true });
  },
  TIMEOUT_MS,
);

for (const deaf of ["die", { broken: 1_000 }] as const)
  test(
    `[C6] an agent that ${deaf === "die" ? "ends" : "breaks off each stream of events"} while it starts is a failed start, not a fault of the host`,
    async () => {
      await using stage = await openAgentStage({ mode: "none", turns: [], deaf });
      expect(await stage.driver.start()).toMatchObject({
        ok: false,
        error: { code: "internal", retryable: true, message: expect.stringContaining("started") },
      });
      expect(await findStrays({ owner: stage.world.owner })).toEqual([]);
    },
    TIMEOUT_MS,
  );

test(
  "[C12] an agent that cannot be heard yet can be stopped",
  async () => {
    await using stage = await openAgentStage({ mode: "none", turns: [], deaf: "hold" });
    const start = stage.driver.start();
    while ((await stage.driver.toolsRegistered()).ok === false) await Bun.sleep(50);
    expect(await stage.driver.stop({ graceMs: 3_000 })).toMatchObject({ cancelled: true });
    expect(await start).toMatchObject({ ok: false });
    expect(await findStrays({ owner: stage.world.owner })).toEqual([]);
  },
  TIMEOUT_MS,
);

/** What kilo remembers of one turn in which a tool was called, unpacked. */
async function rememberedTurn(): Promise<Buffer> {
  const done = { name: "gt_done", arguments: { summary: "probed it" } };
  await using stage = await openAgentStage({ turns: [{ tool: done }, { text: "One." }] });
  await startAndPrompt(stage);
  await stage.awaitEvent(isClosed);
  const taken = await stage.driver.snapshot?.();
  if (taken?.ok !== true) throw new Error("nothing was taken");
  return zstdDecompressSync(taken.value);
}

async function startWith(unpacked: Uint8Array): Promise<string | null> {
  const resume = zstdCompressSync(unpacked);
  await using stage = await openAgentStage({ turns: [], spec: () => ({ resume }) });
  const started = await stage.driver.start();
  expect(await findStrays({ owner: stage.world.owner })).toHaveLength(started.ok ? 1 : 0);
  return started.ok ? null : started.error.message;
}

test(
  "[C10] [C23] what kilo remembers holds the conversation and no secret of its run",
  async () => {
    const unpacked = await rememberedTurn();
    for (const word of ["Probe.", "probed it", "One."]) expect(unpacked.includes(word)).toBe(true);
    for (const secret of [API_KEY, "run-token", "run-secret", "run-password"])
      expect([secret, unpacked.includes(secret)]).toEqual([secret, false]);
  },
  TIMEOUT_MS,
);

test(
  "[C10] what another version of kilo remembers, or one whose clock was ahead, is not gone on from",
  async () => {
    const unpacked = await rememberedTurn();
    const changed = (sql: string) => {
      const db = Database.deserialize(unpacked);
      db.run(sql);
      const bytes = db.serialize();
      db.close();
      return bytes;
    };
    expect(await startWith(changed("UPDATE session SET version = '0.0.1'"))).toContain(
      "It is of kilo 0.0.1, and here is",
    );
    const ahead = `UPDATE message SET time_created = ${Date.now() + 3_600_000}`;
    expect(await startWith(changed(ahead))).toContain("clock is behind");
    expect(await startWith(changed("DELETE FROM session"))).toContain("not hold one conversation");
  },
  TIMEOUT_MS * 2,
);

function sampleBead() {
  return beadSpecSchema.parse({
    id: `bd_${"0".repeat(26)}`,
    title: "Reject negative amounts in the parser",
    body: "parseAmount accepts '-5'. It should answer an error that names the field.\nDone when a test shows it.",
    attempt: 1,
    round: 1,
    cycle: 1,
    delivery: "merge",
    convoyTitle: "Harden the parser",
    feedback: null,
  });
}

function sampleRig() {
  return rigSpecSchema.parse({
    id: `rg_${"0".repeat(26)}`,
    name: "sample",
    remote: "/srv/sample.git",
    target: "main",
    delivery: "merge",
    gates: [{ name: "test", command: "bun test" }],
    setup: null,
    isolationConfirmed: false,
  });
}

test(
  "[C21] an agent that has rehearsed has said nothing, knows nothing of it, and takes its first turn as any other",
  async () => {
    const refused = Promise.withResolvers<void>();
    let begun = false;
    const admit = () => {
      if (begun) return { ok: true as const };
      refused.resolve();
      return { ok: false as const, code: "not_begun", message: "Not yet.", status: 403 as const };
    };
    await using stage = await openAgentStage({
      turns: [{ text: "One." }, { text: "Two." }],
      admit,
    });
    expect(await stage.driver.start()).toMatchObject({ ok: true });
    expect(await stage.driver.rehearse?.(refused.promise)).toEqual({ ok: true, value: undefined });
    expect(stage.events).toEqual([]);
    expect(stage.calls).toEqual([]);
    begun = true;
    await startAndPrompt(stage);
    expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "completed" });
    expect(stage.events.filter(({ type }) => type === "text")).toMatchObject([{ text: "One." }]);
    expect(stage.calls).toHaveLength(1);
    expect(stage.driver.usage().calls).toBe(1);
    using db = new Database(join(stage.dirs.home, ".local/share/kilo/kilo.db"), { readonly: true });
    expect(db.query("select count(*) as n from session").get()).toEqual({ n: 1 });
  },
  TIMEOUT_MS,
);
