/** Letting go on what waits for a person. */
import { ok, refuse } from "../../protocol/index.ts";
import { bumpVersion } from "../store/writes/beads.ts";
import { unparkIssue } from "../store/writes/issues.ts";
import type { Apply } from "./command.ts";
import { findIssue, image } from "./find-bead.ts";

export const resumeBead: Apply<"bead.resume"> = (tx, body) => {
  const bead = findIssue(tx, body.bead);
  if (!bead.ok) return bead;
  const { id } = bead.value;
  if (!unparkIssue(tx, id)) return refuse("illegal_transition", "it is not parked.");
  bumpVersion(tx, id);
  return ok(image(tx, id));
};
