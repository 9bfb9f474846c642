// The first request of an agent to its model, in every role and program: it offers what the registry gives, and no more.
import { expect, test } from "bun:test";
import type { AgentProgram } from "../../../protocol/entities/agent-program.ts";
import type { Role } from "../../../protocol/run.ts";
import { BUILT_IN_TOOLS, toolNameForModel, toolsOf } from "../../../runner/agents/tools.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { openAgentStage } from "./stage.ts";
import { drawn } from "../../support/sample.ts";

const TIMEOUT_MS = 90_000;
const ROLES: readonly Role[] = ["mayor", "polecat", "refinery", "triage"];
/** What each program calls a tool of the town, and whether its own tools have the registry's names. */
const PROGRAMS: readonly {
  program: AgentProgram;
  roles: readonly Role[];
  town: RegExp;
  own: boolean;
}[] = [
  { program: "kilo", roles: ROLES, town: /^gastown_(gt_\w+)$/, own: true },
  { program: "opencode", roles: ROLES, town: /^gastown_(gt_\w+)$/, own: true },
  { program: "claude-code", roles: ROLES, town: /^mcp__gastown__(gt_\w+)$/, own: false },
  { program: "codex", roles: ["polecat"], town: /(gt_\w+)$/, own: false },
];

for (const { program, roles, town, own } of drawn("first request", PROGRAMS))
  for (const role of roles)
    test.skipIf(isLeftOut("agent") || isLeftOut("sandbox"))(
      `[C1] [C19] the model request of a ${role} by ${program} offers the registry's tools of that role, and no other's`,
      async () => {
        await using stage = await openAgentStage({ program, role, turns: [{ text: "Done." }] });
        const started = await stage.driver.start();
        expect(started).toMatchObject({ ok: true });
        const text = "Bead: Probe\nBead id: b\nAttempt: 1\nRound: 1\n\nProbe.";
        await stage.driver.prompt({ text, messageId: "m1" });
        await stage.awaitEvent((event) => event.type === "turn_closed");
        const offered = stage.calls.find((call) => call.role === role)?.tools ?? [];
        const ofTown = offered.flatMap((name) => town.exec(name)?.[1] ?? []);
        expect(ofTown.toSorted()).toEqual(
          toolsOf(role)
            .map(({ name }) => name)
            .toSorted(),
        );
        if (!own) return;
        const expected = [
          ...BUILT_IN_TOOLS[role],
          ...toolsOf(role).map(({ name }) => toolNameForModel(name)),
        ];
        expect([...offered].toSorted()).toEqual(expected.toSorted());
      },
      TIMEOUT_MS,
    );
