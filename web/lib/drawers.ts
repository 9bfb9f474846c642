/** Drawers live in the URL: `?d=bead:bd_…&d=run:rn_…`, the last one on top. Pure. */
export const DRAWER_KINDS = [
  "bead",
  "convoy",
  "molecule",
  "review",
  "run",
  "agent",
  "triage",
] as const;
export type DrawerKind = (typeof DRAWER_KINDS)[number];
export interface DrawerRef {
  kind: DrawerKind;
  id: string;
}

/** More would only be a longer way back. */
export const DRAWERS_MAX = 8;

const byPrefix: Record<string, DrawerKind> = {
  bd: "bead",
  cv: "convoy",
  mo: "molecule",
  mr: "review",
  ag: "agent",
  rn: "run",
  tr: "triage",
};

/** The drawer that shows an id, by its prefix; null for what has none. */
export function drawerOf(id: string): DrawerRef | null {
  const kind = byPrefix[id.slice(0, 2)];
  return kind && id[2] === "_" ? { kind, id } : null;
}

export function parseDrawer(text: string): DrawerRef | null {
  const cut = text.indexOf(":");
  const kind = DRAWER_KINDS.find((known) => known === text.slice(0, cut));
  const id = text.slice(cut + 1);
  return kind && /^[a-z]{2}_[0-9a-z]{26}$/.test(id) ? { kind, id } : null;
}

export function writeDrawer(ref: DrawerRef): string {
  return `${ref.kind}:${ref.id}`;
}

/** Opens `ref` above the first `level` drawers of the stack; one that is open below comes to the top. */
export function openAbove(stack: readonly string[], level: number, ref: DrawerRef): string[] {
  const text = writeDrawer(ref);
  const kept = stack.slice(0, level).filter((open) => open !== text);
  return [...kept, text].slice(-DRAWERS_MAX);
}
