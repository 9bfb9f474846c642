import type { Command } from "commander";
import { Complaint } from "../complaint.ts";
import { dataDirOf } from "../data-dir.ts";
import type { UpOptions } from "../up/up.ts";
import { wholeNumber } from "./town-command.ts";

interface Options {
  demo?: boolean;
  seed?: number;
  once?: boolean;
  data?: string;
  host: string;
  port: number;
  url?: string;
  runner: boolean;
  open: boolean;
  record?: boolean;
  json?: boolean;
}

const DEFAULT_PORT = 4270;

/** `gastown up`. */
export function addUp(program: Command): void {
  program
    .command("up")
    .description("Start the town and its runner, and print a login link")
    .option("--demo", "a sample repository and a scripted model: the whole town without an account")
    .option(
      "--seed <n>",
      "which demo: another seed, another project",
      wholeNumber("--seed", 1, 2 ** 31 - 1),
    )
    .option("--once", "end when all beads and convoys are done: 0 if well, 1 otherwise")
    .option("--data <dir>", "data directory")
    .option("--host <host>", "address to listen on", "127.0.0.1")
    .option(
      "--port <n>",
      "port to listen on; 0 picks a free one",
      wholeNumber("--port", 0, 65_535),
      DEFAULT_PORT,
    )
    .option("--url <url>", "address under which people reach the town, e.g. behind a proxy")
    .option("--no-runner", "start no runner on this host")
    .option("--no-open", "do not open a browser")
    .option("--record", "record what the town is given, for `gastown slice export`")
    .option("--json", "print JSON lines")
    .addHelpText(
      "after",
      '\nGASTOWN_POLICY sets figures of the policy otherwise, e.g. {"warmMs":5000} (server/model/policy.ts has them all).',
    )
    .action(async (options: Options) => {
      const town = upOptions(options);
      // Loaded only here: the other commands start faster without a town.
      const { up } = await import("../up/up.ts");
      process.exitCode = await up(town);
    });
}

function upOptions(options: Options): UpOptions {
  if (options.seed !== undefined && options.demo !== true) {
    throw new Complaint("--seed chooses a demo; give --demo with it.", 2);
  }
  return {
    dataDir: dataDirOf(options),
    demo: options.demo ?? false,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    once: options.once ?? false,
    host: options.host,
    port: options.port,
    ...(options.url === undefined ? {} : { publicUrl: publicUrl(options.url) }),
    runner: options.runner,
    open: options.open,
    record: options.record ?? false,
    json: options.json ?? false,
  };
}

function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url !== null &&
    ["http:", "https:"].includes(url.protocol) &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === ""
  ) {
    return url.origin;
  }
  throw new Complaint(
    `--url must be an address such as https://town.example.org, not "${text}".`,
    2,
  );
}
