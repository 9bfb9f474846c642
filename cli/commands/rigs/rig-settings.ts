/** Options that a rig is added with, and changed by later. */
import type { Command } from "commander";
import {
  deliverySchema,
  egressSchema,
  lfsPolicySchema,
  savedPlaceSchema,
  type CommandInput,
  type Egress,
  type LfsPolicy,
  type SavedPlace,
} from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";
import { labelsOf } from "../runners/grants.ts";
import { collect, oneOf, wholeNumber } from "../town-command.ts";

export interface RigSettingsOptions {
  target?: string;
  delivery?: "none" | "branch" | "merge";
  gate?: string[];
  setup?: string;
  egress?: Egress;
  lfs?: LfsPolicy;
  slots?: number;
  labels?: string[];
  codeReview?: boolean;
  savedWork?: SavedPlace;
  confirmIsolation?: boolean;
  confirmDirectMerge?: boolean;
}

export function withRigSettings(command: Command): Command {
  return command
    .option("--target <branch>", "branch that work lands on")
    .option(
      "--delivery <how>",
      "none, branch or merge",
      oneOf("--delivery", deliverySchema.options),
    )
    .option(
      "--gate <name=command>",
      "a check that must be green before work lands; all of them, may be repeated",
      collect,
    )
    .option("--setup <command>", "runs once in every fresh tree")
    .option(
      "--egress <what>",
      "what agents and gates may reach: none, open, or host:port pairs with commas between",
      egressOf,
    )
    .option(
      "--lfs <what>",
      "files that Git LFS keeps are pointers in trees, or fetched: their contents (needs git-lfs on the runners)",
      oneOf("--lfs", lfsPolicySchema.options),
    )
    .option("--slots <n>", "agents at work on it at once", wholeNumber("--slots", 1, 64))
    .option(
      "--labels <labels>",
      "only runners with all of these labels work on it, with commas between, or none",
      labelsOf,
    )
    .option("--code-review", "a refinery reviews before work lands, as it does by default")
    .option("--no-code-review", "land on green gates, without a refinery")
    .option(
      "--saved-work <where>",
      "remote: unfinished work is copied to the repository after each turn; runner: it stays on its runner's disk",
      oneOf("--saved-work", savedPlaceSchema.options),
    )
    .option("--confirm-isolation", "agents on this host may read everything you can")
    .option("--confirm-direct-merge", "work may land on the target without another look");
}

/** What was said, as the town takes it. */
export function settingsOf(options: RigSettingsOptions): CommandInput<"rig.update">["set"] {
  const { target, delivery, gate, setup, egress, lfs, slots, labels, codeReview, savedWork } =
    options;
  return {
    ...(target !== undefined && { target }),
    ...(delivery !== undefined && { delivery }),
    ...(gate !== undefined && { gates: gate.map(gateOf) }),
    ...(setup !== undefined && { setup: setup || null }),
    ...(egress !== undefined && { egress }),
    ...(lfs !== undefined && { lfs }),
    ...(slots !== undefined && { slots }),
    ...(labels !== undefined && { labels }),
    ...(codeReview !== undefined && { codeReview }),
    ...(savedWork !== undefined && { savedWork }),
    ...(options.confirmIsolation === true && { isolationConfirmed: true }),
    ...(options.confirmDirectMerge === true && { directMergeConfirmed: true }),
  };
}

function egressOf(text: string): Egress {
  const named = text === "none" || text === "open" ? text : text.split(",");
  const egress = egressSchema.safeParse(named);
  if (egress.success) return egress.data;
  throw new Complaint(
    `--egress is none, open, or host:port pairs with commas between, e.g. registry.npmjs.org:443, not "${text}".`,
    2,
  );
}

function gateOf(text: string): { name: string; command: string } {
  const equals = text.indexOf("=");
  if (equals > 0 && equals < text.length - 1)
    return { name: text.slice(0, equals), command: text.slice(equals + 1) };
  throw new Complaint(`--gate must be name=command, e.g. tests='npm test', not "${text}".`, 2);
}
