/** `gastown rig set|secret|show`: what a rig's runs are given, and how it works. */
import type { Command } from "commander";
import {
  COPIES_MAX,
  PORTS_MAX,
  type CommandInput,
  type Rig,
  type SavedPlace,
} from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { printJson, printLine } from "../../output.ts";
import type { TownClient } from "../../town-client.ts";
import {
  collect,
  readText,
  townCommand,
  wholeNumber,
  withTownOf,
  type TownOptions,
} from "../town-command.ts";
import { settingsOf, withRigSettings, type RigSettingsOptions } from "./rig-settings.ts";

interface SetOptions extends TownOptions, RigSettingsOptions {
  var?: string[];
  unsetVar?: string[];
  copy?: string[];
  uncopy?: string[];
  ports?: number;
  teardown?: string;
  mcpPolecat?: string[];
  mcpRefinery?: string[];
  unsetMcp?: string[];
  tellPolecat?: string;
  tellRefinery?: string;
  savedWork?: SavedPlace;
}

export function addRigSet(group: Command): void {
  withRigSettings(
    townCommand(group, "set <rig>", "Change how a rig works, or what it gives its runs"),
  )
    .option("--var <NAME=value>", "a variable of setup, gates and agents; may be repeated", collect)
    .option("--unset-var <NAME>", "take a variable away; may be repeated", collect)
    .option(
      "--copy <from=to>",
      `a file of the runner's host, by its absolute path, put into each tree at a path that git then ignores; up to ${COPIES_MAX}`,
      collect,
    )
    .option("--uncopy <to>", "copy no file there any more; may be repeated", collect)
    .option(
      "--ports <n>",
      "ports of its own for each run, as PORT and GASTOWN_PORT_1 to _n",
      wholeNumber("--ports", 0, PORTS_MAX),
    )
    .option("--teardown <command>", "runs in a tree before it is removed; an empty one: none")
    .option(
      "--mcp-polecat <name=command>",
      "an MCP server for every polecat, started in its sandbox by this line; may be repeated",
      collect,
    )
    .option("--mcp-refinery <name=command>", "the same for every refinery", collect)
    .option("--unset-mcp <name>", "take an MCP server away; may be repeated", collect)
    .option("--tell-polecat <text>", "told to every polecat of the rig; - reads it, empty: nothing")
    .option(
      "--tell-refinery <text>",
      "told to every refinery of the rig; - reads it, empty: nothing",
    )
    .action(async (rig: string, options: SetOptions) => {
      await withTownOf(options, async (town) => {
        const now = await rigOf(town, rig);
        const set = { ...settingsOf(options), ...(await environmentOf(options, now)) };
        if (Object.keys(set).length === 0)
          throw new Complaint("Say what to change; `gastown rig set --help` lists it.", 2);
        told(options, await town.call("rig.update", { rig: now.id, version: now.version, set }));
      });
    });
  addSecret(group);
  townCommand(group, "show <rig>", "Show a rig with all its settings").action(
    async (rig: string, options: TownOptions) => {
      await withTownOf(options, async (town) => told(options, await rigOf(town, rig), true));
    },
  );
}

interface SecretOptions extends TownOptions {
  gates?: boolean;
  remove?: boolean;
}

function addSecret(group: Command): void {
  townCommand(
    group,
    "secret <rig> <NAME>",
    "Give the rig's setup a secret, read from standard input; nobody is shown it again",
  )
    .option("--gates", "gates are given it too: they run code that agents have written")
    .option("--remove", "take it away")
    .action(async (rig: string, name: string, options: SecretOptions) => {
      const value = options.remove === true ? null : (await readText("-")).replace(/\r?\n$/, "");
      if (value === "")
        throw new Complaint("Give the secret on standard input, e.g. from your keyring.", 2);
      await withTownOf(options, async (town) => {
        const gates = options.gates === true;
        const changed = await town.call("rig.secret", { rig, name, value, gates });
        if (options.json === true) return printJson(changed);
        const what = value === null ? "is taken away from" : "is set for";
        printLine(`${name} ${what} rig ${changed.name}. Its baseline runs again.`);
      });
    });
}

async function rigOf(town: TownClient, ref: string): Promise<Rig> {
  const rigs = await town.call("rig.list", {});
  const found = rigs.find(({ id, name }) => id === ref || name === ref);
  if (found === undefined) throw new Complaint(`There is no rig ${ref}: \`gastown rig list\`.`);
  return found;
}

async function environmentOf(
  options: SetOptions,
  { environment }: Rig,
): Promise<CommandInput<"rig.update">["set"]> {
  const { var: set, unsetVar, copy, uncopy, ports, teardown } = options;
  const variables = { ...environment.variables, ...Object.fromEntries((set ?? []).map(pair)) };
  for (const name of unsetVar ?? []) delete variables[name];
  const copied = (copy ?? []).map(pair).map(([from, to]) => ({ from, to }));
  const gone = new Set([...(uncopy ?? []), ...copied.map(({ to }) => to)]);
  const copies = [...environment.copies.filter(({ to }) => !gone.has(to)), ...copied];
  const instructions = {
    ...(options.tellPolecat !== undefined && { polecat: await textOf(options.tellPolecat) }),
    ...(options.tellRefinery !== undefined && { refinery: await textOf(options.tellRefinery) }),
  };
  const { mcpPolecat, mcpRefinery, unsetMcp } = options;
  const toolServers = {
    polecat: serversOf(environment.toolServers.polecat, mcpPolecat, unsetMcp),
    refinery: serversOf(environment.toolServers.refinery, mcpRefinery, unsetMcp),
  };
  return {
    ...((mcpPolecat ?? mcpRefinery ?? unsetMcp) && { toolServers }),
    ...((set ?? unsetVar) && { variables }),
    ...((copy ?? uncopy) && { copies }),
    ...(ports !== undefined && { ports }),
    ...(teardown !== undefined && { teardown: teardown || null }),
    ...(Object.keys(instructions).length > 0 && { instructions }),
  };
}

function serversOf(
  before: Readonly<Record<string, string>>,
  set: readonly string[] = [],
  unset: readonly string[] = [],
): Record<string, string> {
  const kept = Object.entries(before).filter(([name]) => !unset.includes(name));
  return Object.fromEntries([...kept, ...set.map(pair)]);
}

async function textOf(text: string): Promise<string | null> {
  return (text === "-" ? await readText("-") : text) || null;
}

function pair(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new Complaint(`"${text}" must have the form left=right.`, 2);
}

function told(options: TownOptions, rig: Rig, whole = false): void {
  if (options.json === true) return printJson(rig);
  printLine(
    `Rig ${rig.name} is ${rig.state}: ${rig.remote}, into ${rig.target || "its default branch"}`,
  );
  if (!whole) return;
  if (rig.credential !== null)
    printLine(
      `Repository as ${rig.credential.username}, with a token${rig.credential.tail === "" ? "" : ` that ends with ${rig.credential.tail}`}`,
    );
  const { variables, secrets, copies, ports, teardown, instructions, toolServers } =
    rig.environment;
  printLine(
    `Delivery ${rig.delivery}; review ${rig.codeReview ? "by a refinery" : "by gates alone"}`,
  );
  for (const gate of rig.gates) printLine(`Gate ${gate.name}: ${gate.command}`);
  if (rig.setup !== null) printLine(`Setup: ${rig.setup}`);
  if (rig.egress !== "none")
    printLine(`Network: ${rig.egress === "open" ? "the internet" : rig.egress.join(", ")}`);
  if (rig.lfs === "fetched") printLine("Git LFS: contents are fetched");
  if (rig.labels.length > 0) printLine(`Runners with: ${rig.labels.join(", ")}`);
  if (teardown !== null) printLine(`Teardown: ${teardown}`);
  for (const [name, value] of Object.entries(variables)) printLine(`Variable ${name}=${value}`);
  for (const { name, tail, gates } of secrets)
    printLine(
      `Secret ${name} (${tail === "" ? "set" : `ends with ${tail}`}), for setup${gates ? " and gates" : ""}`,
    );
  for (const { from, to } of copies) printLine(`Copied: ${from} to ${to}`);
  if (ports > 0) printLine(`Ports of each run: ${ports}`);
  for (const role of ["polecat", "refinery"] as const)
    for (const [name, command] of Object.entries(toolServers[role]))
      printLine(`MCP server ${name} of every ${role}: ${command}`);
  for (const role of ["polecat", "refinery"] as const)
    if (instructions[role] !== null) printLine(`Told to every ${role}: ${instructions[role]}`);
}
