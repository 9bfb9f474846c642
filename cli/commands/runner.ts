import { mkdirSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Log as RunnerLog } from "../../runner/log.ts";
import { openLog, type OpenLog } from "../../server/log.ts";
import { Complaint } from "../complaint.ts";
import { printLine, printNote } from "../output.ts";
import { untilStopped } from "../signals.ts";
import { defaultSlots } from "../up/slots.ts";
import { appVersion } from "../version.ts";
import { addFleet } from "./runners/fleet.ts";
import { wholeNumber } from "./town-command.ts";

interface Options {
  town?: string;
  token?: string;
  data?: string;
  slots?: number;
  name?: string;
  local?: boolean;
}

/** `gastown runner`: does a town's work on this host. It only connects outbound. */
export function addRunner(program: Command): void {
  const command = program
    .command("runner")
    .description("Do a town's work on this host, or look after the hosts that do")
    // Options after a subcommand are that one's.
    .enablePositionalOptions()
    .option("--town <url>", "address of the town; this host connects outbound only", townUrl)
    .option(
      "--token <token>",
      "from `gastown token create --role runner`, for the first start; GASTOWN_TOKEN hides it from other users",
    )
    .option("--data <dir>", "data directory; the runner works in its folder runner")
    .option(
      "--slots <n>",
      "agents at once; by memory and cores unless given",
      wholeNumber("--slots", 1, 64),
    )
    .option("--name <name>", "what the town calls it; the host's name unless given");
  // The town's own runner: its token is the first line of standard input, whose end is the town's.
  command.addOption(command.createOption("--local").hideHelp());
  addFleet(command);
  command.action(async (options: Options) => {
    const { town: url } = options;
    if (url === undefined)
      throw new Complaint(
        "--town says for which town this host is to work. `gastown runner list` lists the runners of the town here.",
        2,
      );
    // Loaded only here: the other commands start faster without a runner.
    const { startRunner } = await import("../../runner/main.ts");
    const input = options.local === true ? readLines() : null;
    const token = input === null ? tokenOf(options) : await input.first;
    const dataDir = options.data === undefined ? defaultDataDir() : resolve(options.data);
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const log = openLog(dataDir, "runner", (line) => printNote(`gastown: ${line}`));
    const stopped = untilStopped();
    const runner = await startRunner({
      townUrl: url,
      version: appVersion,
      token,
      dataDir,
      slots: options.slots ?? defaultSlots(),
      name: options.name ?? hostname().slice(0, 60),
      local: options.local ?? false,
      log: runnerLog(log),
    });
    if (options.local !== true && runner.failure() === null)
      printLine(
        `Runner ${options.name ?? hostname()} works for ${url}. Ctrl-C stops it; work is saved.`,
      );
    void stopped.then((signal) => runner.stop(signal));
    void input?.end.then(() => runner.stop("the town is gone", "atOnce"));
    const code = await runner.stopped;
    log.close();
    if (code !== 0)
      throw new Complaint(runner.failure() ?? "The runner could not go on; its log says why.");
  });
}

/** Null when none is given: the runner may have joined at an earlier start. */
function tokenOf(options: Options): string | null {
  const token = options.token ?? process.env["GASTOWN_TOKEN"] ?? "";
  return token === "" ? null : token;
}

function townUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && ["http:", "https:"].includes(url.protocol)) return url.origin;
  throw new Complaint(
    `--town must be the address of a town, such as https://town.example.org, not "${text}".`,
    2,
  );
}

/** The runner works in the folder `runner` of it, beside the towns of this user, which it hides from its agents. */
function defaultDataDir(): string {
  return join(process.env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "gastown");
}

/** The first line of standard input, and its end. */
function readLines(): { first: Promise<string>; end: Promise<void> } {
  const first = Promise.withResolvers<string>();
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of Bun.stdin.stream()) {
      text += decoder.decode(chunk, { stream: true });
      const newline = text.indexOf("\n");
      if (newline >= 0) first.resolve(text.slice(0, newline));
    }
    first.resolve(text.trim());
  };
  return { first: first.promise, end: read() };
}

/** The runner's log says the message first. */
function runnerLog(log: OpenLog): RunnerLog {
  return {
    debug: (message, fields) => log.debug({ ...fields }, message),
    info: (message, fields) => log.info({ ...fields }, message),
    warn: (message, fields) => log.warn({ ...fields }, message),
    error: (message, fields) => log.error({ ...fields }, message),
  };
}
