import type { Command } from "commander";
import type { CommandInput, ModelPrice, ModelSettings } from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { addAuthor } from "./limits/author.ts";
import { addFigures } from "./limits/figures.ts";
import { addPrograms } from "./limits/program.ts";
import { printJson, printLine } from "../output.ts";
import { oneOf, readText, townCommand, withTownOf, type TownOptions } from "./town-command.ts";

const PROVIDERS = ["kilo", "openai-compatible"] as const;

export interface ModelOptions extends TownOptions {
  provider?: (typeof PROVIDERS)[number];
  url?: string;
  model?: string;
  smallModel?: string;
  fallbackModel?: string;
  mayor?: string;
  polecat?: string;
  refinery?: string;
  triage?: string;
  keyStdin?: boolean;
  price?: Record<string, ModelPrice>;
}

/** `gastown settings`: the town's model. */
export function addSettings(program: Command): void {
  const group = program.command("settings").description("Settings of the town");
  addFigures(group);
  addPrograms(group);
  addAuthor(group);
  const model = group.command("model").description("The language model that agents use");
  townCommand(model, "show", "Show the model settings, without the key").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        const settings = await town.call("model.get", {});
        if (options.json === true) printJson(settings);
        else printSettings(settings);
      });
    },
  );
  withModelOptions(
    townCommand(
      model,
      "set",
      "Choose provider, key and models; a changed address clears the stored key",
    ),
    true,
  ).action(async (options: ModelOptions) => {
    const input = await modelInput(options);
    await withTownOf(options, async (town) => {
      const settings = await town.call("model.set", input as CommandInput<"model.set">);
      if (options.json === true) printJson(settings);
      else printSettings(settings);
    });
  });
  withModelOptions(
    townCommand(
      model,
      "test",
      "Ask the model one small question, with the stored or the given settings",
    ),
    false,
  ).action(async (options: ModelOptions) => {
    const input = await modelInput(options);
    await withTownOf(options, async (town) => {
      const answer = await town.call("model.test", input);
      if (options.json === true) printJson(answer);
      else printLine(`${answer.model} answered in ${answer.durationMs} ms: ${answer.answer}`);
    });
  });
}

/** Options that choose a model; `required`: provider, address and model. */
export function withModelOptions(command: Command, required: boolean): Command {
  const add = (flags: string, text: string, parse?: (value: string) => string) => {
    const same = (value: string) => value;
    if (required) command.requiredOption(flags, text, parse ?? same);
    else command.option(flags, text, parse ?? same);
  };
  add("--provider <provider>", PROVIDERS.join(" or "), oneOf("--provider", PROVIDERS));
  add("--url <url>", "address of the API");
  add("--model <model>", "model of all roles");
  return command
    .option("--small-model <model>", "model for small tasks")
    .option("--fallback-model <model>", "does the agents' work while their quota is used up")
    .option("--mayor <model>", "the Mayor's model")
    .option("--polecat <model>", "the polecats' model")
    .option("--refinery <model>", "the refinery's model")
    .option("--triage <model>", "triage's model")
    .option(
      "--price <model=prices>",
      "dollars per million tokens: in,out[,cache read[,cache write]]; again for each model; replaces the table",
      addPrice,
    )
    .option(
      "--key-stdin",
      "read the key from standard input; else GASTOWN_MODEL_KEY, else the stored one",
    );
}

/** What the options and GASTOWN_MODEL_KEY, or standard input, say. */
export async function modelInput(options: ModelOptions): Promise<CommandInput<"model.test">> {
  const key =
    options.keyStdin === true ? (await readText("-")).trim() : process.env["GASTOWN_MODEL_KEY"];
  const roles = {
    mayor: options.mayor ?? null,
    polecat: options.polecat ?? null,
    refinery: options.refinery ?? null,
    triage: options.triage ?? null,
  };
  const hasRole = Object.values(roles).some((model) => model !== null);
  return {
    ...(options.provider === undefined ? {} : { provider: options.provider }),
    ...(options.url === undefined ? {} : { baseUrl: options.url }),
    ...(options.model === undefined ? {} : { model: options.model }),
    ...(options.smallModel === undefined ? {} : { smallModel: options.smallModel }),
    ...(options.fallbackModel === undefined ? {} : { fallbackModel: options.fallbackModel }),
    ...(options.price === undefined ? {} : { prices: options.price }),
    ...(key === undefined || key === "" ? {} : { key }),
    ...(hasRole ? { roles } : {}),
  };
}

function printSettings(settings: ModelSettings | null): void {
  if (settings === null) {
    printLine("No model is chosen. `gastown settings model set` chooses one.");
    return;
  }
  const { key, roles } = settings;
  printLine(`Provider     ${settings.provider}`);
  printLine(`Address      ${settings.baseUrl}`);
  printLine(
    `Key          ${key.set ? `set${key.tail === null ? "" : `, ends in ${key.tail}`}${key.readable ? "" : ", unreadable: enter it again"}` : "none"}`,
  );
  printLine(`Model        ${settings.model}`);
  printLine(`Small model  ${settings.smallModel}`);
  if (settings.fallbackModel !== null) printLine(`Fallback     ${settings.fallbackModel}`);
  for (const [name, price] of Object.entries(settings.prices)) printLine(priceLine(name, price));
  for (const [role, model] of Object.entries(roles))
    if (model !== null) printLine(`${role.padEnd(13)}${model}`);
}

/** `big=3,15,0.3,3.75` */
function addPrice(
  text: string,
  before: Record<string, ModelPrice> = {},
): Record<string, ModelPrice> {
  const at = text.lastIndexOf("=");
  const figures = text.slice(at + 1).split(",");
  const [input, output, cacheRead, cacheWrite] = figures.map(Number);
  const isWrong = figures.some((figure) => figure.trim() === "" || !(Number(figure) >= 0));
  if (at < 1 || input === undefined || output === undefined || figures.length > 4 || isWrong)
    throw new Complaint(
      `--price ${text}: write model=in,out or model=in,out,cache read,cache write.`,
      2,
    );
  const price = {
    ...{ input, output },
    ...(cacheRead === undefined ? {} : { cacheRead }),
    ...(cacheWrite === undefined ? {} : { cacheWrite }),
  };
  return { ...before, [text.slice(0, at)]: price };
}

function priceLine(name: string, { input, output, cacheRead, cacheWrite }: ModelPrice): string {
  const cache = `cache ${cacheRead ?? input} read, ${cacheWrite ?? input} write`;
  return `Price        ${name}: $${input} in, $${output} out, ${cache}, per million tokens`;
}
