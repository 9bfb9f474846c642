/** What the image of every bead begins with. */
import type { beads } from "../schema/beads.ts";

export function commonImage(bead: typeof beads.$inferSelect) {
  const { id, status, title, rigId, version, createdBy, createdAt, updatedAt } = bead;
  return { id, status, title, rigId, version, createdBy, createdAt, updatedAt };
}
