/** `gastown formula` and `gastown molecule`: templates, and the steps that are poured from them. */
import { extname } from "node:path";
import type { Command } from "commander";
import {
  commands,
  stepChoiceSchema,
  type CommandInput,
  type Molecule,
  type StoredFormula,
} from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { idCell, printJson, printLine, printTable } from "../output.ts";
import {
  collect,
  oneOf,
  parseJson,
  readText,
  townCommand,
  withTownOf,
  type TownOptions,
} from "./town-command.ts";

interface RigOptions extends TownOptions {
  rig?: string;
}

/** Whose it is: with `--rig` that rig's, else the town's. */
const ofRig = ({ rig }: RigOptions) => (rig === undefined ? {} : { rig });

export function addFormula(program: Command): void {
  const group = program.command("formula").description("Templates of work with several steps");
  const command = (usage: string, summary: string) =>
    townCommand(group, usage, summary).option("--rig <rig>", "of this rig instead of the town");
  command("list", "List formulas").action(async (options: RigOptions) => {
    await withTownOf(options, async (town) => {
      const list = await town.call("formula.list", ofRig(options));
      if (options.json === true) return printJson(list);
      const rows = list.map(({ name, version, steps, parameters, rigId, description }) => [
        name,
        String(version),
        String(steps),
        parameters.map((each) => each.name).join(" ") || "-",
        rigId === null ? "town" : idCell(rigId),
        description,
      ]);
      const head = ["formula", "version", "steps", "parameters", "of", "description"];
      printTable(head, rows, "No formulas.");
    });
  });
  command("show <formula>", "Show a formula").action(async (name: string, options: RigOptions) => {
    await withTownOf(options, async (town) => {
      const shown = await town.call("formula.show", { formula: name, ...ofRig(options) });
      if (options.json === true) printJson(shown);
      else printFormula(shown);
    });
  });
  command("put <file>", "Store a formula from a TOML or JSON file, - for JSON on standard input")
    .addHelpText("after", FORMULA_HELP)
    .action(async (file: string, options: RigOptions) => {
      const formula = formulaInput(parseFile(await readText(file), file));
      await withTownOf(options, async (town) => {
        const stored = await town.call("formula.put", { formula, ...ofRig(options) });
        if (options.json === true) printJson(stored);
        else printLine(`Formula ${stored.name} is stored, version ${stored.version}.`);
      });
    });
  command("delete <formula>", "Delete a formula").action(
    async (name: string, options: RigOptions) => {
      await withTownOf(options, async (town) => {
        const gone = await town.call("formula.delete", { formula: name, ...ofRig(options) });
        if (options.json === true) printJson(gone);
        else printLine(`Formula ${gone.name} is deleted.`);
      });
    },
  );
}

export function addMolecule(program: Command): void {
  const group = program.command("molecule").description("What is poured from formulas");
  townCommand(group, "pour <formula> <rig>", "Make the steps of a formula into beads of a rig")
    .option("--set <name=value>", "value of a parameter; may be repeated", collect)
    .option("--title <title>", "title of the molecule")
    .option("--staged", "start nothing before `gastown molecule start`")
    .action(async (formula: string, rig: string, options: PourOptions) => {
      const parameters = parametersOf(options.set ?? []);
      const { title, staged } = options;
      await withTownOf(options, async (town) => {
        const molecule = await town.call("molecule.pour", {
          ...{ formula, rig, parameters },
          ...(title === undefined ? {} : { title }),
          ...(staged === true ? { staged } : {}),
        });
        tell(options, molecule);
      });
    });
  townCommand(group, "list", "List molecules").action(async (options: TownOptions) => {
    await withTownOf(options, async (town) => {
      const list = await town.call("molecule.list", {});
      if (options.json === true) return printJson(list);
      const rows = list.map(({ id, state, steps, current, title }) => [
        idCell(id),
        state,
        current === null ? `${steps.length}` : `${current}/${steps.length}`,
        title,
      ]);
      printTable(["molecule", "state", "step", "title"], rows, "No molecules.");
    });
  });
  townCommand(group, "show <molecule>", "Show a molecule and its steps").action(
    async (ref: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const shown = await town.call("molecule.get", { molecule: ref });
        if (options.json === true) return printJson(shown);
        tell(options, shown.molecule);
        const { steps, current } = shown.molecule;
        const rows = steps.map((step) => [
          step.n === current ? `> ${step.n}` : `  ${step.n}`,
          step.key,
          idCell(step.beadId),
          step.skipped ? "skipped" : (step.outcome ?? step.status).replaceAll("_", " "),
          step.title,
        ]);
        printTable(["step", "key", "bead", "state", "title"], rows, "No steps.");
      });
    },
  );
  addLife(group);
}

interface PourOptions extends TownOptions {
  set?: string[];
  title?: string;
  staged?: boolean;
}

function addLife(group: Command): void {
  townCommand(group, "start <molecule>", "Start a staged molecule").action(
    async (molecule: string, options: TownOptions) => {
      await withTownOf(options, async (town) => {
        tell(options, await town.call("molecule.start", { molecule }));
      });
    },
  );
  townCommand(
    group,
    "decide <molecule> <step> <choice>",
    `What becomes of a failed or cancelled step: ${stepChoiceSchema.options.join(", ")}`,
  ).action(async (molecule: string, step: string, word: string, options: TownOptions) => {
    const choice = oneOf("The choice", stepChoiceSchema.options)(word);
    await withTownOf(options, async (town) => {
      tell(options, await town.call("molecule.decide", { molecule, step, choice }));
    });
  });
  townCommand(
    group,
    "cancel <molecule> [reason...]",
    "Cancel the steps that have not landed",
  ).action(async (molecule: string, reason: string[], options: TownOptions) => {
    await withTownOf(options, async (town) => {
      tell(options, await town.call("molecule.cancel", { molecule, reason: reason.join(" ") }));
    });
  });
}

function tell({ json }: TownOptions, molecule: Molecule): void {
  if (json === true) return printJson(molecule);
  const { id, title, state, steps, current, failure } = molecule;
  const at = current === null ? "" : `, step ${current} of ${steps.length}`;
  printLine(`Molecule ${idCell(id)} is ${state}${at}: ${title}`);
  if (failure) printLine(`It failed: ${failure.message}`);
  for (const bead of molecule.question?.beads ?? [])
    printLine(
      `${idCell(bead)} has failed: gastown molecule decide ${idCell(id)} ${idCell(bead)} retry|skip`,
    );
}

function printFormula({ name, version, description, parameters, steps }: StoredFormula): void {
  printLine(`${name}, version ${version}${description === "" ? "" : `: ${description}`}`);
  for (const each of parameters)
    printLine(
      `  ${each.name}${each.default === undefined ? "" : ` = ${each.default}`}  ${each.description}`,
    );
  const rows = steps.map(({ key, title, dependsOn, checks }, at) => [
    key,
    (
      dependsOn ??
      steps
        .slice(0, at)
        .slice(-1)
        .map((before) => before.key)
    ).join(" ") || "-",
    checks.map((check) => check.name).join(" ") || "-",
    title,
  ]);
  printTable(["step", "waits for", "checks", "title"], rows, "No steps.");
}

function parametersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const cut = text.indexOf("=");
      if (cut < 1) throw new Complaint(`--set must be name=value, not "${text}".`, 2);
      return [text.slice(0, cut), text.slice(cut + 1)];
    }),
  );
}

function parseFile(text: string, file: string): unknown {
  if (extname(file) !== ".toml") return parseJson(text, file === "-" ? "Standard input" : file);
  try {
    return Bun.TOML.parse(text);
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new Complaint(`${file} is not TOML: ${first}.`, 2);
  }
}

const FORMULA_HELP = `
A file in TOML:
  name = "release"
  title = "Release {{version}}"
  [[parameters]]
  name = "version"
  [[steps]]
  key = "bump"
  title = "Bump the version to {{version}}"
  [[steps]]
  key = "notes"
  title = "Write the notes"
  dependsOn = ["bump"]
  checks = [{ name = "notes", command = "test -s NOTES.md" }]
A step waits for the one before it unless dependsOn says otherwise; [] waits for nothing.`;

/** Checked here as well, so that a wrong file is told without a town. */
function formulaInput(value: unknown): CommandInput<"formula.put">["formula"] {
  const parsed = commands["formula.put"].body.shape.formula.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Complaint(
    `The formula is wrong at ${issue?.path.join(".") || "the top"}: ${issue?.message ?? "not a formula"}.`,
    2,
  );
}
