import { literalPattern } from "../scripted/pattern.ts";
import type { ScriptInput } from "../scripted/script.ts";
import {
  appendCommand,
  editedLine,
  reviewComment,
  variantOf,
  writtenFiles,
  type DemoBead,
} from "./beads.ts";
import { SAMPLE_GATES } from "./project-files.ts";
import type { Theme } from "./theme.ts";

export type EntryInput = ScriptInput["entries"][number];
type TurnInput = EntryInput["turns"][number];
type ToolInput = NonNullable<TurnInput["tools"]>[number];

/** Between two words of the agent that waits to be killed; with its 40 words about 20 s. */
const VICTIM_PACE_MS = 500;
const VICTIM_WORDS = [
  "The module is written and saved. Before I write its tests I go through the cases once more:",
  "one entry, several with the same name, several with the same amount, and none at all.",
  "Each of them gets a line in the test file, which comes next.",
].join(" ");

/** What the polecats of one bead do, attempt by attempt. */
export function polecatEntries(theme: Theme, bead: DemoBead): EntryInput[] {
  const usual = entryOf(bead, {}, workTurns(theme, bead, false));
  if (bead.part === "gate") return [entryOf(bead, { attempt: 1 }, hastyTurns(theme, bead)), usual];
  if (bead.part === "review")
    return [entryOf(bead, { round: 1 }, workTurns(theme, bead, true)), usual];
  if (bead.part === "silence") return [entryOf(bead, { attempt: 1 }, silentTurns(bead)), usual];
  if (bead.part === "kill")
    return [entryOf(bead, { attempt: 1 }, interruptedTurns(theme, bead)), usual];
  return [usual];
}

/** What the reviewers of one bead say. */
export function refineryEntries(theme: Theme, bead: DemoBead): EntryInput[] {
  const title = literalPattern(bead.title);
  const reading: TurnInput = {
    text: `# Reading ${bead.modulePath}\n`,
    tools: [{ name: "gt_prime" }, { name: "read", arguments: { filePath: bead.modulePath } }],
  };
  const approval = {
    verdict: "approve",
    summary: `${bead.modulePath} does what the bead asks, and its tests show it.`,
  };
  const approve: TurnInput = {
    text: "# Approving\n",
    tools: [{ name: "gt_verdict", arguments: approval }],
  };
  const usual: EntryInput = { role: "refinery", title, turns: [reading, approve] };
  if (bead.part !== "review") return [usual];
  const request = {
    verdict: "request_changes",
    summary: "Close, but one case is missing.",
    comments: [reviewComment(theme, bead)],
  };
  const ask: TurnInput = {
    text: "# Asking for one change\n",
    tools: [{ name: "gt_verdict", arguments: request }],
  };
  return [{ role: "refinery", title, round: 1, turns: [reading, ask] }, usual];
}

function entryOf(
  bead: DemoBead,
  when: { attempt?: number; round?: number },
  turns: TurnInput[],
): EntryInput {
  return { role: "polecat", title: literalPattern(bead.title), ...when, turns };
}

/** Read, write, try the gates, hand in. */
function workTurns(theme: Theme, bead: DemoBead, firstTry: boolean): TurnInput[] {
  return [
    openingTurn(bead),
    { text: `# Writing ${bead.modulePath}\n`, tools: writeCalls(theme, bead, firstTry) },
    gatesTurn(),
    doneTurn(bead),
  ];
}

/** Hands in a first try without having tried the gates. */
function hastyTurns(theme: Theme, bead: DemoBead): TurnInput[] {
  return [
    openingTurn(bead),
    { text: `# Writing ${bead.modulePath}\n`, tools: writeCalls(theme, bead, true) },
    doneTurn(bead),
  ];
}

/** Says what it is about to do, and nothing ever after. */
function silentTurns(bead: DemoBead): TurnInput[] {
  return [
    openingTurn(bead),
    {
      text: "# Thinking it over\n\nLet me think about the cases first.\n",
      fault: { kind: "silence" },
    },
  ];
}

/** Writes the module, then talks long enough for somebody to end it; otherwise it goes on. */
function interruptedTurns(theme: Theme, bead: DemoBead): TurnInput[] {
  const [first, ...rest] = writeCalls(theme, bead, true);
  return [
    openingTurn(bead),
    { text: `# Writing ${bead.modulePath}\n`, tools: first ? [first] : [] },
    { text: `# Going through the cases\n\n${VICTIM_WORDS}\n`, paceMs: VICTIM_PACE_MS, tools: rest },
    doneTurn(bead),
  ];
}

function openingTurn(bead: DemoBead): TurnInput {
  return {
    text: `# Reading the bead\n\n${bead.dependsOn.length > 0 ? "It builds on work that has landed." : "It stands alone."}\n`,
    tools: [{ name: "gt_prime" }],
  };
}

function gatesTurn(): TurnInput {
  const command = SAMPLE_GATES.map((gate) => gate.command).join(" && ");
  return {
    text: "# Trying the gates\n",
    tools: [
      { name: "bash", arguments: { command, description: "Runs the tests and the lint script" } },
    ],
  };
}

function doneTurn(bead: DemoBead): TurnInput {
  return {
    text: "# Handing in\n",
    tools: [
      { name: "gt_done", arguments: { summary: `Added ${bead.modulePath} with its tests.` } },
    ],
  };
}

/** The agent's own tools, so that a second try over saved work comes to the same tree. */
function writeCalls(theme: Theme, bead: DemoBead, firstTry: boolean): ToolInput[] {
  const calls: ToolInput[] = writtenFiles(theme, bead, variantOf(bead, firstTry)).map(
    ([filePath, content]) => ({
      name: "write",
      arguments: { filePath, content },
    }),
  );
  const edit = editedLine(theme, bead);
  // A try that comes back leaves the edit to the next one: done twice, it would not find its line.
  const comesBack = firstTry && (bead.part === "gate" || bead.part === "review");
  if (edit && !comesBack)
    calls.push({
      name: "edit",
      arguments: { filePath: edit.path, oldString: edit.from, newString: edit.to },
    });
  const command = appendCommand(theme, bead);
  if (command)
    calls.push({
      name: "bash",
      arguments: { command, description: "Adds a section to the README, once" },
    });
  return calls;
}
