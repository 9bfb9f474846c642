import { Draw } from "./draw.ts";
import { MODULE_PLANS } from "./module-plans.ts";
import { FINISHED, moduleText, remarkLine, testText, type Variant } from "./modules.ts";
import { indexSource, plannedLine, SAMPLE_GATES } from "./project-files.ts";
import { MODULE_KEYS, type ModuleKey, type Theme } from "./theme.ts";

/** What happens to a bead on its way: each of the four mishaps befalls one. */
export type DemoPart = "plain" | "gate" | "review" | "silence" | "kill";

export interface DemoBead {
  readonly key: ModuleKey;
  readonly title: string;
  readonly body: string;
  readonly dependsOn: readonly ModuleKey[];
  readonly part: DemoPart;
  /** Which end its agent meets on attempt 1: `kill` is for the town's demo to do. */
  readonly victim: "kill" | "silence" | null;
  /** Name of the gate that its first try makes fail. */
  readonly failingGate: "tests" | "lint" | null;
  /** The line it leaves, once, in the final tree. */
  readonly marker: string;
  readonly modulePath: string;
  readonly testPath: string;
}

const PARTS: readonly DemoPart[] = ["plain", "gate", "review", "silence", "kill"];

/** The demo's five beads: two at once, two that need both, one that needs all. The parts are drawn. */
export function demoBeads(theme: Theme): DemoBead[] {
  const draw = new Draw(theme.seed, "parts");
  const parts = draw.shuffle(PARTS);
  const failingGate = draw.pick(SAMPLE_GATES).name;
  const graph: readonly [ModuleKey, readonly ModuleKey[]][] = [
    ["tally", []],
    ["order", []],
    ["report", ["tally", "order"]],
    ["pick", ["tally", "order"]],
    ["desk", ["report", "pick"]],
  ];
  return graph.map(([key, dependsOn], index) =>
    beadOf(theme, key, dependsOn, parts[index] ?? "plain", failingGate),
  );
}

/** Two beads, the second on the first, to which nothing happens. */
export function twoBeads(theme: Theme): DemoBead[] {
  return [
    beadOf(theme, "tally", [], "plain", "tests"),
    beadOf(theme, "mean", ["tally"], "plain", "tests"),
  ];
}

/** The state of the bead's module in a run: its first try may lack care or hold a fault. */
export function variantOf(bead: DemoBead, firstTry: boolean): Variant {
  if (!firstTry) return FINISHED;
  return { careful: bead.part !== "review", fault: bead.failingGate };
}

/** Whole files that the bead writes, by path. */
export function writtenFiles(theme: Theme, bead: DemoBead, variant: Variant): [string, string][] {
  const plan = MODULE_PLANS[bead.key];
  const files: [string, string][] = [
    [bead.modulePath, moduleText(plan, bead.key, theme, variant)],
    [bead.testPath, testText(plan, bead.key, theme, variant)],
  ];
  const all = MODULE_KEYS.filter((key) => key !== "mean").map((key) => theme.modules[key].file);
  if (bead.key === "desk") files.push(["src/index.ts", indexSource(theme, all)]);
  return files;
}

/** An edit of an existing file, for the bead that has one. */
export function editedLine(
  theme: Theme,
  bead: DemoBead,
): { path: string; from: string; to: string } | null {
  if (bead.key !== "tally") return null;
  return {
    path: "README.md",
    from: plannedLine(theme),
    to: `\`${theme.modules.tally.call}\` counts the ${theme.items} by name.`,
  };
}

/** A shell command that adds a section to the README unless it is there, for the bead that has one. */
export function appendCommand(theme: Theme, bead: DemoBead): string | null {
  if (bead.key !== "desk") return null;
  const heading = `## At the ${theme.modules.desk.noun}`;
  const text = `\`${theme.modules.desk.call}(text)\` takes one ${theme.item} per line and answers \`report()\` and \`pick(limit)\`.`;
  return `grep -qxF '${heading}' README.md || printf '\\n%s\\n\\n%s\\n' '${heading}' '${text}' >> README.md`;
}

/** The reviewer's inline comment on the careless first try. */
export function reviewComment(
  theme: Theme,
  bead: DemoBead,
): { file: string; line: number; body: string } {
  const plan = MODULE_PLANS[bead.key];
  return { file: bead.modulePath, line: remarkLine(plan, bead.key, theme), body: plan.remark.body };
}

function beadOf(
  theme: Theme,
  key: ModuleKey,
  dependsOn: readonly ModuleKey[],
  part: DemoPart,
  failingGate: "tests" | "lint",
): DemoBead {
  const { file, marker, call } = theme.modules[key];
  const modulePath = `src/${file}.ts`;
  const testPath = `test/${file}.test.ts`;
  return {
    key,
    title: titleOf(theme, key),
    body: `${MODULE_PLANS[key].purpose}\n\nWrite \`${call}\` in \`${modulePath}\` with tests in \`${testPath}\`. End the file with the line \`${marker}\`.`,
    dependsOn,
    part,
    victim: part === "kill" || part === "silence" ? part : null,
    failingGate: part === "gate" ? failingGate : null,
    marker,
    modulePath,
    testPath,
  };
}

function titleOf({ title, items, modules }: Theme, key: ModuleKey): string {
  const noun = modules[key].noun;
  const titles: Readonly<Record<ModuleKey, string>> = {
    tally: `Count the ${items} of the ${title} (${noun})`,
    order: `Sort the ${items} of the ${title} (${noun})`,
    report: `Print the ${items} of the ${title} (${noun})`,
    pick: `Choose ${items} of the ${title} under a limit (${noun})`,
    desk: `Open the ${noun} of the ${title}`,
    mean: `Average the ${items} of the ${title} (${noun})`,
  };
  return titles[key];
}
