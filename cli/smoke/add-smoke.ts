import { resolve } from "node:path";
import type { Command } from "commander";
import type { CommandInput } from "../../protocol/index.ts";
import { Complaint } from "../complaint.ts";
import { modelInput, withModelOptions, type ModelOptions } from "../commands/settings.ts";
import { wholeNumber } from "../commands/town-command.ts";

interface Options extends ModelOptions {
  live?: boolean;
  usd: number;
  tokens: number;
  minutes: number;
  seed: number;
  confirmIsolation?: boolean;
}

const USD = 5;
const TOKENS = 5_000_000;
const MINUTES = 30;
const SEED = 42;

/** `gastown smoke`: one try of the whole with a real model. */
export function addSmoke(program: Command): void {
  const command = program
    .command("smoke")
    .description(
      "Try the whole with a real model: a town of its own plans and lands two beads on a generated repository, and says what that took",
    )
    .option("--live", "yes: the model is asked, and what it costs is spent")
    .option("--data <dir>", "an empty folder to be kept; else what was made is removed");
  withModelOptions(command, true)
    .option("--usd <amount>", `dollars that may be spent (${USD})`, dollars, USD)
    .option(
      "--tokens <n>",
      `tokens that may be spent, of all classes (${TOKENS}); without prices they alone are the limit`,
      wholeNumber("--tokens", 1, 1e12),
      TOKENS,
    )
    .option(
      "--minutes <n>",
      `it ends by then (${MINUTES})`,
      wholeNumber("--minutes", 1, 24 * 60),
      MINUTES,
    )
    .option("--seed <n>", "which sample project", wholeNumber("--seed", 1, 2 ** 31 - 1), SEED)
    .option(
      "--confirm-isolation",
      "where this host cannot isolate agents: they may read everything that you can",
    )
    .option("--json", "print JSON")
    .action(async (options: Options) => {
      if (options.live !== true)
        throw new Complaint(
          "smoke asks a real model and spends what that costs: say --live. Without a model `gastown up --demo` shows the whole.",
          2,
        );
      const model = (await modelInput(options)) as CommandInput<"model.set">;
      // Loaded only here: the other commands start faster without a town.
      const { smoke } = await import("./smoke.ts");
      const { usd, tokens, minutes, seed } = options;
      process.exitCode = await smoke({
        ...{ model, usd, tokens, minutes, seed },
        dataDir: options.data === undefined ? null : resolve(options.data),
        isolationConfirmed: options.confirmIsolation ?? false,
        json: options.json ?? false,
      });
    });
}

function dollars(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new Complaint(`--usd must be a number above 0, not "${text}".`, 2);
}
