/** Whose name commits carry as their author: the one resolver of that setting. Pure. */
import type { AuthorChoice } from "../../../protocol/index.ts";

export interface Author {
  name: string;
  email: string;
}
/** What people chose, by scope (the town, or a rig's id), and what holds without. */
export interface Authors {
  chosen: ReadonlyMap<string, Author>;
  host: Author | null;
}

/** The scope of what holds wherever a rig has no author of its own. */
const TOWN = "town";
const NOBODY: Author = { name: "Gastown owner", email: "owner@gastown.invalid" };

/** A rig's own over the town's over whoever started the town. */
export function resolveAuthor({ chosen, host }: Authors, rigId: string | null): AuthorChoice {
  const ofRig = rigId === null ? undefined : chosen.get(rigId);
  if (ofRig !== undefined) return { ...ofRig, from: "rig" };
  const ofTown = chosen.get(TOWN);
  if (ofTown !== undefined) return { ...ofTown, from: "town" };
  return host === null ? { ...NOBODY, from: "default" } : { ...host, from: "host" };
}

export function authorOf({ authors }: { authors: Authors }, rigId: string): Author {
  const { name, email } = resolveAuthor(authors, rigId);
  return { name, email };
}
