/** Commands about rigs that are deleted: into the trash, back out of it, and gone for good. */
import { z } from "zod";
import { trashedRigSchema, workChoiceSchema } from "../entities/trash.ts";
import { refSchema, rigIdSchema } from "../ids.ts";
import { rigSchema } from "../run.ts";
import { define, name, owner } from "./command-def.ts";

export const trashCommands = {
  "rig.remove": define({
    mode: "command",
    roles: owner,
    summary: "Delete a rig: its runs end with their work saved, then it is in the trash",
    body: z.strictObject({ rig: refSchema, work: workChoiceSchema.default("save") }),
    value: z.object({ id: rigIdSchema }),
  }),
  "rig.restore": define({
    mode: "command",
    roles: owner,
    summary: "Take a rig back that is being deleted or is in the trash",
    body: z.strictObject({ rig: refSchema, name: name.optional() }),
    value: rigSchema,
  }),
  "rig.purge": define({
    mode: "command",
    roles: owner,
    summary: "Remove a rig in the trash for good, now",
    body: z.strictObject({ rig: refSchema }),
    value: z.object({ id: rigIdSchema }),
  }),
  "trash.list": define({
    mode: "query",
    roles: owner,
    summary: "Rigs in the trash, the newest first",
    body: z.strictObject({}),
    value: z.array(trashedRigSchema),
  }),
} as const;
