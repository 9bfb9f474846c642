import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { isLeftOut } from "../../support/left-out.ts";
import {
  openWholeTown,
  untilLanded,
  untilTopic,
  type WholeTown,
} from "../../support/whole-town.ts";
import { runCli } from "../cli/run-cli.ts";
import { attachCli } from "./attached-cli.ts";
import { makeRepository } from "./repositories.ts";
import { drawn } from "../../support/sample.ts";

const LIMIT_MS = 300_000;
const needsAgent = isLeftOut("agent") || isLeftOut("sandbox");

/** An agent that waits for a file in its tree, and is done when it is there. */
const WAITING = {
  role: "polecat" as const,
  title: "Wait *",
  turns: [
    {
      text: "# Waiting\nThe words on the screen.",
      tools: [
        {
          name: "bash",
          arguments: {
            command: "while [ ! -e go ]; do sleep 0.1; done",
            description: "Waits",
            timeout: 240_000,
          },
        },
      ],
    },
    { text: "# Handing in\n", tools: [{ name: "gt_done", arguments: { summary: "Waited." } }] },
  ],
};

const MODES = [
  { name: "in bubblewrap", need: "sandbox", options: {} },
  { name: "as a user of its own", need: "users", options: { agentUsers: 8 } },
] as const;

/** A bead whose agent is up and waits. */
async function slingWaiting(town: WholeTown): Promise<{ id: string; runId: string }> {
  const remote = await makeRepository(join(town.dir, "one"), "bare");
  const rig = await town.client.call("rig.add", {
    ...{
      remote,
      name: "one",
      delivery: "merge",
      codeReview: false,
      gates: [{ name: "check", command: "sh check.sh" }],
    },
  });
  const { id } = await town.client.call("bead.sling", { rig: rig.id, title: "Wait for it" });
  const runId = await untilTopic(town, `bead:${id}`, (state) => {
    const run = state.all("run").find(({ kind, state: at }) => kind === "work" && at === "running");
    return run?.id ?? null;
  });
  return { id, runId };
}

function auditOf(dataDir: string): { command: string; actor: string; text: string | null }[] {
  using db = new Database(join(dataDir, "town.db"), { readonly: true });
  return db
    .query<{ command: string; actor: string; text: string | null }, []>(
      "SELECT command, actor, text FROM audit WHERE command LIKE 'terminal.%' ORDER BY id",
    )
    .all();
}

test.skipIf(needsAgent)(
  "[E8] a person sits down in the tree of an agent at work, types there, leaves and comes back",
  async () => {
    await using town = await openWholeTown({ entries: [WAITING] });
    const { id, runId } = await slingWaiting(town);
    {
      await using person = attachCli(town, id, "--shell");
      await person.seen.until(/Ctrl-\] detaches/);
      person.type("git log --format=%s -n1; echo size=$(stty size)\r");
      await person.seen.until(/size=32 110/);
      expect(person.seen.text).toContain("Begin");
      person.resize(90, 20);
      // The shell draws its prompt again.
      await person.seen.until(/\r\u001b\[K\r~/);
      person.type("echo size=$(stty size)\r");
      await person.seen.until(/size=20 90/);
      person.detach();
      expect(await person.exited).toBe(0);
      expect(person.seen.text).toContain("Detached.");
    }
    {
      await using person = attachCli(town, runId, "--shell");
      // What was there before is shown again.
      await person.seen.until(/size=32 110/);
      await using looker = attachCli(town, runId, "--shell", "--read-only");
      await looker.seen.until(/size=32 110/);
      looker.type("touch by-looker\r");
      person.type("ls; touch go\r");
      await looker.seen.until(/touch go/);
      await looker.seen.until(/It has ended. The run has ended/);
      expect(await person.exited).toBe(0);
      expect(person.seen.text).not.toContain("by-looker");
    }
    const landed = await untilLanded(town, id);
    expect(landed.outcome).toBe("landed");
    const audit = auditOf(town.dataDir);
    // Lines that are typed soon after each other share a row.
    const typed = audit.flatMap(({ text }) => text?.split("\n") ?? []);
    expect(typed).toContain("git log --format=%s -n1; echo size=$(stty size)");
    expect(typed).toContain("ls; touch go");
    expect(
      audit.filter(({ command }) => command === "terminal.open").map(({ text }) => text),
    ).toEqual(["shell, writes", "shell, writes", "shell, looks on"]);
    const again = await runCli(["attach", id, "--shell", "--data", town.dataDir]);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("needs a terminal")]);
    await using late = attachCli(town, id, "--shell");
    expect(await late.exited).toBe(1);
    expect(late.seen.text).toContain("nobody works on");
  },
  LIMIT_MS,
);

const modes = MODES.filter(({ need }) => !isLeftOut("agent") && !isLeftOut(need));
test.each(modes.length === 0 ? [] : drawn("screens of agents", modes))(
  "[E8] kilo's own screen shows the live session, takes keys, and ends with the run, $name",
  async ({ options }) => {
    await using town = await openWholeTown({ ...options, entries: [WAITING] });
    const { id } = await slingWaiting(town);
    await using person = attachCli(town, id);
    await person.shows(/The words on the screen/);
    person.type("mind the gap");
    await person.shows(/mind the gap/);
    await using shell = attachCli(town, id, "--shell");
    await shell.seen.until(/[#$] $/);
    shell.type("touch go\r");
    await untilLanded(town, id);
    expect(await person.exited).toBe(0);
    expect(person.seen.text).toContain("The run has ended");
  },
  LIMIT_MS,
);
