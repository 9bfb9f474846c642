import { beadIdSchema, ID_PREFIX, type IdKind } from "../../protocol/index.ts";

const KINDS = new Map<string, IdKind>(
  (Object.entries(ID_PREFIX) as [IdKind, string][]).map(([kind, prefix]) => [prefix, kind]),
);

/** What an id names, by its prefix; null for what is no id. */
export function kindOfId(id: string): IdKind | null {
  return KINDS.get(id.slice(0, 2)) ?? null;
}

/** Whether it has a history: see bead_events. */
export function isBeadId(id: string): boolean {
  return beadIdSchema.safeParse(id).success;
}
