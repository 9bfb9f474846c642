/** Saved work as seen outside: what a run has had, and whose disks hold it. */
import { z } from "zod";
import { oidSchema, runIdSchema, runnerIdSchema } from "../ids.ts";
import { timestampSchema } from "../time.ts";

/** Files that a save leaves out are named up to this number. */
export const LEFT_OUT_MAX = 20;

/** A file that a save leaves out, and why. */
export const leftOutSchema = z.object({ path: z.string().max(1_000), reason: z.string().max(60) });
export type LeftOut = z.infer<typeof leftOutSchema>;

/** Where saved work goes: to the rig's repository too, or no further than its runner's disk. */
export const savedPlaceSchema = z.enum(["remote", "runner"]);
export type SavedPlace = z.infer<typeof savedPlaceSchema>;

/** Why saved work is not copied to the rig's repository: the rig's setting, or a delivery that sends nothing there. */
export const savedKeptSchema = z.enum(["rig", "delivery"]);
export type SavedKept = z.infer<typeof savedKeptSchema>;

const saved = {
  oid: oidSchema,
  at: timestampSchema,
  /** Lines added and removed since its base; of these, what the disk of one runner alone holds. */
  lines: z.number().int(),
  atRisk: z.number().int(),
  kept: savedKeptSchema.nullable(),
  /** What the last try to copy it to the rig's repository met. */
  reason: z.string().nullable(),
};

/** The newest saved work of a run. */
export const savedWorkSchema = z.object({
  ref: z.string(),
  ...saved,
  /** What the rig's repository holds of the run: this commit, an older one, or nothing. */
  remoteOid: oidSchema.nullable(),
  left: z.array(leftOutSchema),
});

/** The newest saved work of a bead: what its next run goes on from. */
export const beadWorkSchema = z.object({ ...saved, runId: runIdSchema, runnerId: runnerIdSchema });
export type BeadWork = z.infer<typeof beadWorkSchema>;

/** Where saved work is: in the rig's repository too; on its way there; kept from there by choice; held up. */
export type Safety = "copied" | "copying" | "kept" | "held_up";

export function safetyOf(saved: Pick<BeadWork, "atRisk" | "kept" | "reason">): Safety {
  if (saved.atRisk === 0) return "copied";
  if (saved.kept !== null) return "kept";
  return saved.reason === null ? "copying" : "held_up";
}

/** The same as a sentence; `runner` is the name of the one that has it. */
export function savedText(saved: BeadWork, runner: string): string {
  const { lines, atRisk, reason } = saved;
  const all = `${lines} line${lines === 1 ? "" : "s"}`;
  const here = atRisk === lines ? all : `${atRisk} of ${all}`;
  switch (safetyOf(saved)) {
    case "copied":
      return `${all}, also in the rig's repository`;
    case "copying":
      return `${here} on runner ${runner} alone, being copied to the rig's repository`;
    case "kept":
      return `${here} on runner ${runner} alone: ${saved.kept === "delivery" ? "with delivery none nothing leaves it" : "the rig keeps saved work on its runner"}`;
    case "held_up":
      return `${here} on runner ${runner} alone: ${reason ?? ""}`;
  }
}
