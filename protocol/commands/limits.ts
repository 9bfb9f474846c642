/** Commands that hold the town back, and let it go on. */
import { z } from "zod";
import { define, owner } from "./command-def.ts";
import { refSchema } from "../ids.ts";
import { townLimitsSchema } from "../town-limits.ts";

const reason = z.string().trim().max(500).default("");
const empty = z.strictObject({});
const id = z.object({ id: z.string() });

export const limitCommands = {
  "town.stop": define({
    mode: "command",
    roles: owner,
    summary: "Stop spending at once: every agent ends with its work saved, nothing is dispatched",
    body: z.strictObject({ reason }),
    value: townLimitsSchema,
  }),
  "town.pause": define({
    mode: "command",
    roles: owner,
    summary: "Dispatch nothing new; what is under way goes on, and no deadline passes",
    body: z.strictObject({ reason }),
    value: townLimitsSchema,
  }),
  "town.resume": define({
    mode: "command",
    roles: owner,
    summary: "Go on after a pause or a stop",
    body: empty,
    value: townLimitsSchema,
  }),
  "rig.pause": define({
    mode: "command",
    roles: owner,
    summary: "Dispatch nothing new to a rig",
    body: z.strictObject({ rig: refSchema, reason }),
    value: id,
  }),
  "rig.resume": define({
    mode: "command",
    roles: owner,
    summary: "Let a paused rig go on",
    body: z.strictObject({ rig: refSchema }),
    value: id,
  }),
  "convoy.pause": define({
    mode: "command",
    roles: owner,
    summary: "Dispatch nothing new for a convoy",
    body: z.strictObject({ convoy: refSchema, reason }),
    value: id,
  }),
  "convoy.resume": define({
    mode: "command",
    roles: owner,
    summary: "Let a paused convoy go on",
    body: z.strictObject({ convoy: refSchema }),
    value: id,
  }),
  "provider.retry": define({
    mode: "command",
    roles: owner,
    summary: "Try the model's provider now, with one run first: what kept it away is mended",
    body: empty,
    value: townLimitsSchema,
  }),
  "breaker.reset": define({
    mode: "command",
    roles: owner,
    summary: "Close the breaker: what opened it is mended",
    body: empty,
    value: townLimitsSchema,
  }),
} as const;
