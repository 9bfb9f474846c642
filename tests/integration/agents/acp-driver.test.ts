import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { driverContract } from "../../../runner/agents/driver.contract.ts";
import type { AgentEvent } from "../../../runner/agents/driver.ts";
import { findStrays } from "../../../runner/process/find-strays.ts";
import { API_KEY, openAgentStage, type AgentStage } from "./stage.ts";
import { drawn } from "../../support/sample.ts";

const TIMEOUT_MS = 90_000;
const program = "opencode";
const isClosed = (event: AgentEvent) => event.type === "turn_closed";

const FORGETTING = { timeoutMs: TIMEOUT_MS, remembers: false, tells: "context" } as const;

/** With the name of its shell, and the most that a first request of its may be. */
const PROGRAMS = [
  { program, title: "OpenCode", shell: "bash", kib: 20 },
  { program: "claude-code", title: "Claude Code", shell: "Bash", kib: 24 },
  { program: "codex", title: "Codex", shell: "exec_command", kib: 64 },
] as const;

const CONTRACTS = [
  ...PROGRAMS.map((each) => ({ ...each, mode: "bwrap" as const, place: "in bubblewrap" })),
  { ...PROGRAMS[0], mode: "none" as const, place: "without isolation" },
];
for (const { program: each, title, mode, place } of drawn("drivers of agent programs", CONTRACTS))
  driverContract(
    `${title} ${place}`,
    (turns) => openAgentStage({ program: each, turns, mode }),
    FORGETTING,
  );

async function playTurn(stage: AgentStage): Promise<void> {
  expect(await stage.driver.start()).toMatchObject({ ok: true });
  const text = "Bead: Probe\nBead id: b\nAttempt: 1\nRound: 1\n\nProbe.";
  expect(await stage.driver.prompt({ text, messageId: "m1" })).toMatchObject({ ok: true });
  await stage.awaitEvent(isClosed);
}

for (const { program: each, title, shell, kib } of drawn("shells of agent programs", PROGRAMS))
  test(
    `[C23] ${title}'s own shell works in its tree, and sees no key, no data of the town and no network`,
    async () => {
      const look = { name: "bash", arguments: { command: "sh probe.sh", description: "probe" } };
      await using stage = await openAgentStage({
        program: each,
        turns: [{ text: "# Looking\n", tool: look }, { text: "Done." }],
      });
      const probe = [
        "env; echo made > made.txt",
        "find / -xdev -name 'other-secret' 2>/dev/null",
        "bash -c 'exec 3<>/dev/tcp/192.0.2.1/80' 2>&1 || echo no-network",
        "cat /proc/*/environ | tr '\\0' '\\n'",
      ];
      await Bun.write(join(stage.dirs.tree, "probe.sh"), probe.join("\n"));
      await Bun.write(join(stage.world.dataDir, "other-secret"), "town secret");
      await playTurn(stage);
      const start = stage.events.find((event) => event.type === "tool_start");
      expect(start).toMatchObject({ tool: shell, input: expect.stringContaining("sh probe.sh") });
      const end = stage.events.find((event) => event.type === "tool_end");
      const seen = end?.type === "tool_end" ? end.output : "";
      expect(seen).toContain("HOME=");
      expect(seen).toContain("no-network");
      expect(seen).not.toContain(API_KEY);
      expect(seen).not.toContain("other-secret");
      // Nothing of the program's own lies in a tree that another one may go on with.
      expect((await readdir(stage.dirs.tree)).toSorted()).toEqual(["made.txt", "probe.sh"]);
      expect(stage.events).toContainEqual({ type: "status", text: "Looking" });
      expect(stage.calls[0]?.requestBytes).toBeLessThanOrEqual(kib * 1024);
    },
    TIMEOUT_MS,
  );

test(
  "[C19] OpenCode as a refinery cannot write, and each of its model calls is told as the gateway counted it",
  async () => {
    const write = { name: "write", arguments: { filePath: "x.txt", content: "x" } };
    await using stage = await openAgentStage({
      program,
      role: "refinery",
      turns: [{ tool: write }, { text: "I cannot." }],
    });
    await playTurn(stage);
    expect(await readdir(stage.dirs.tree)).toEqual([]);
    expect(stage.events).not.toContainEqual(
      expect.objectContaining({ type: "tool_end", tool: "write", ok: true }),
    );
    expect(stage.driver.usage().calls).toBe(stage.usage.length);
    expect(stage.driver.usage().inputTokens).toBe(
      stage.usage.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
    );
  },
  TIMEOUT_MS,
);

test(
  "[C16] a model call that is refused ends OpenCode's turn with the gateway's reason",
  async () => {
    const refusal = {
      ok: false,
      code: "stale_fence",
      message: "This run has been replaced.",
      status: 403,
    } as const;
    await using stage = await openAgentStage({ program, turns: [], admit: () => refusal });
    await playTurn(stage);
    expect(stage.events.at(-1)).toEqual({ type: "turn_closed", reason: "error" });
    expect(stage.events).toContainEqual(
      expect.objectContaining({
        type: "error",
        message: expect.stringContaining(refusal.message),
      }),
    );
    expect(stage.modelCalls()).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "[C1] OpenCode without the town's tools is a failed start that leaves nothing",
  async () => {
    await using stage = await openAgentStage({
      program,
      turns: [],
      spec: ({ tools }) => ({ tools: { ...tools, secret: "of another run" } }),
    });
    expect(await stage.driver.start()).toMatchObject({
      ok: false,
      error: { message: expect.stringContaining("town's tools") },
    });
    expect(await findStrays({ owner: stage.world.owner })).toEqual([]);
    expect(await stage.driver.exited).toMatchObject({ cancelled: true });
    expect(stage.modelCalls()).toBe(0);
  },
  TIMEOUT_MS,
);
