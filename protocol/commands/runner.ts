/** Commands about the hosts that do the town's work. */
import { z } from "zod";
import { runnerLabelsSchema, runnerRightsSchema } from "../entities/runner-rights.ts";
import { refSchema } from "../ids.ts";
import { runnerSchema } from "../run.ts";
import { define, owner } from "./command-def.ts";

export const runnerCommands = {
  "runner.drain": define({
    mode: "command",
    roles: owner,
    summary: "Give a runner nothing new; its runs end in time, with their work saved",
    body: z.strictObject({ runner: refSchema, reason: z.string().trim().max(500).default("") }),
    value: runnerSchema,
  }),
  "runner.resume": define({
    mode: "command",
    roles: owner,
    summary: "Give a runner work again",
    body: z.strictObject({ runner: refSchema }),
    value: runnerSchema,
  }),
  "runner.rights": define({
    mode: "command",
    roles: owner,
    summary: "Say what a runner may be given: the model's key, landings",
    body: z.strictObject({ runner: refSchema, rights: runnerRightsSchema }),
    value: runnerSchema,
  }),
  "runner.label": define({
    mode: "command",
    roles: owner,
    summary: "Give a runner labels, instead of those that it had",
    body: z.strictObject({ runner: refSchema, labels: runnerLabelsSchema }),
    value: runnerSchema,
  }),
} as const;
