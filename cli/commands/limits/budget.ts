/** `gastown budget`: what may be spent. */
import type { Command } from "commander";
import type { Budget } from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { idCell, printJson, printTable } from "../../output.ts";
import { oneOf, townCommand, withTownOf, type TownOptions } from "../town-command.ts";

const SCOPES = ["day", "run", "bead", "convoy"] as const;

interface BudgetOptions extends TownOptions {
  usd?: number | null;
  tokens?: number | null;
}

export function addBudget(program: Command): void {
  const group = program.command("budget").description("What agents may spend");
  townCommand(group, "list", "List the limits with what was spent").action(
    async (options: TownOptions) => {
      await withTownOf(options, async (town) => {
        print(await town.call("budget.list", {}), options);
      });
    },
  );
  townCommand(group, "set <scope> [of]", `Set a limit: ${SCOPES.join(", ")}; "none" lifts it`)
    .option("--usd <amount>", "dollars", amount("--usd"))
    .option("--tokens <count>", "tokens of all classes", amount("--tokens"))
    .action(async (scope: string, of: string | undefined, options: BudgetOptions) => {
      const named = oneOf("scope", SCOPES)(scope);
      const { usd, tokens } = options;
      await withTownOf(options, async (town) => {
        const budget = await town.call("budget.set", {
          scope: named,
          ...(of === undefined ? {} : { of }),
          ...(usd === undefined ? {} : { usd }),
          ...(tokens === undefined ? {} : { tokens }),
        });
        print([budget], options);
      });
    });
}

function amount(name: string): (text: string) => number | null {
  return (text) => {
    if (text === "none") return null;
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
    throw new Complaint(`${name} must be a number or none, not "${text}".`, 2);
  };
}

function print(budgets: readonly Budget[], { json }: TownOptions): void {
  if (json === true) return printJson(budgets);
  const rows = budgets.map(({ scope, id, title, usd, tokens, spentUsd, spentTokens }) => [
    scope,
    id === null ? (scope === "day" ? "today" : "each") : `${idCell(id)} ${title ?? ""}`,
    usd === null ? "none" : `$${usd.toFixed(2)}`,
    tokens === null ? "none" : String(tokens),
    spentUsd === null ? "-" : `$${spentUsd.toFixed(2)}, ${spentTokens ?? 0} tokens`,
  ]);
  printTable(["scope", "of", "dollars", "tokens", "spent"], rows, "No limits.");
}
