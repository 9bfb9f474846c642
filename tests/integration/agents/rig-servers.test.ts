// A rig's own MCP servers: started in the agent's sandbox, their tools beside the town's, under names of their own.
import { expect, test } from "bun:test";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentProgram } from "../../../protocol/entities/agent-program.ts";
import { toolNameForModel, toolsOf } from "../../../runner/agents/tools.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { openAgentStage } from "./stage.ts";
import { drawn } from "../../support/sample.ts";

const TIMEOUT_MS = 90_000;
const message = {
  text: "Bead: Probe\nBead id: b\nAttempt: 1\nRound: 1\n\nProbe.",
  messageId: "m1",
};
const PROGRAMS: readonly AgentProgram[] = ["kilo", "opencode"];

for (const program of drawn("servers of a rig", PROGRAMS))
  test.skipIf(isLeftOut("agent") || isLeftOut("sandbox"))(
    `[C25] ${program} starts a server of the rig in its sandbox, calls its tool, and has the town's tools as ever`,
    async () => {
      const call = { name: "rig-docs_find", arguments: { word: "greeting" } };
      await using stage = await openAgentStage({
        program,
        turns: [{ tool: call }, { text: "Found." }],
        spec: () => ({
          servers: [{ name: "rig-docs", line: "exec bun docs-server.ts" }],
          variables: { MODE: "fast" },
        }),
      });
      await copyFile(
        join(import.meta.dir, "docs-server.ts"),
        join(stage.dirs.tree, "docs-server.ts"),
      );
      expect(await stage.driver.start()).toMatchObject({ ok: true });
      await stage.driver.prompt(message);
      await stage.awaitEvent((event) => event.type === "turn_closed");
      const ends = stage.events.filter((event) => event.type === "tool_end");
      expect(ends).toMatchObject([{ tool: "rig-docs_find", ok: true }]);
      const { tree: cwd, home } = stage.dirs;
      expect(ends[0]?.output).toContain(JSON.stringify({ cwd, mode: "fast", home }));
      const offered = stage.calls[0]?.tools ?? [];
      expect(offered).toContain("rig-docs_find");
      const ofTown = offered.filter((name) => name.startsWith("gastown_"));
      expect(ofTown.toSorted()).toEqual(
        toolsOf("polecat")
          .map(({ name }) => toolNameForModel(name))
          .toSorted(),
      );
    },
    TIMEOUT_MS,
  );

test.skipIf(isLeftOut("agent") || isLeftOut("sandbox"))(
  "[C25] a server that does not start is told, and the agent works without it",
  async () => {
    await using stage = await openAgentStage({
      turns: [{ text: "Without it." }],
      spec: () => ({ servers: [{ name: "rig-docs", line: "exec no-such-program" }] }),
    });
    expect(await stage.driver.start()).toMatchObject({ ok: true });
    expect(stage.events).toMatchObject([{ type: "server_failed", name: "rig-docs" }]);
    await stage.driver.prompt(message);
    expect(await stage.awaitEvent((event) => event.type === "turn_closed")).toMatchObject({
      reason: "completed",
    });
  },
  TIMEOUT_MS,
);
