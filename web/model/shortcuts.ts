/** The keyboard map: one table for what keys do, what the map shows and what buttons say. Pure. */
export type ShortcutAction =
  | { kind: "go"; path: string }
  | { kind: "palette" | "map" | "new_bead" | "filter" | "back" }
  | { kind: "move"; by: "next" | "previous" | "left" | "right" };

export interface Shortcut {
  keys: string;
  label: string;
  group: "Go to" | "Work" | "Move";
  action: ShortcutAction;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: "g h", label: "Home", group: "Go to", action: { kind: "go", path: "/" } },
  { keys: "g m", label: "Mayor", group: "Go to", action: { kind: "go", path: "/mayor" } },
  { keys: "g b", label: "Board", group: "Go to", action: { kind: "go", path: "/board" } },
  { keys: "g c", label: "Convoys", group: "Go to", action: { kind: "go", path: "/convoys" } },
  { keys: "g r", label: "Reviews", group: "Go to", action: { kind: "go", path: "/reviews" } },
  { keys: "g a", label: "Agents", group: "Go to", action: { kind: "go", path: "/agents" } },
  { keys: "g s", label: "Settings", group: "Go to", action: { kind: "go", path: "/settings" } },
  { keys: "c", label: "New bead", group: "Work", action: { kind: "new_bead" } },
  { keys: "/", label: "Filter", group: "Work", action: { kind: "filter" } },
  { keys: "?", label: "This map", group: "Work", action: { kind: "map" } },
  { keys: "j", label: "Next row", group: "Move", action: { kind: "move", by: "next" } },
  { keys: "k", label: "Previous row", group: "Move", action: { kind: "move", by: "previous" } },
  { keys: "h", label: "Column to the left", group: "Move", action: { kind: "move", by: "left" } },
  { keys: "l", label: "Column to the right", group: "Move", action: { kind: "move", by: "right" } },
  { keys: "Escape", label: "Close the top drawer", group: "Move", action: { kind: "back" } },
];

const aliases: Record<string, string> = {
  ArrowDown: "j",
  ArrowUp: "k",
  ArrowLeft: "h",
  ArrowRight: "l",
};

/** After a first key the second is awaited this long. */
export const SEQUENCE_MS = 1_200;

/** The first key of a sequence that was pressed, and when. */
export interface Pending {
  key: string;
  atMs: number;
}

/** What a key does after the pending one: an action, the start of a sequence, or nothing. */
export function pressKey(
  pending: Pending | null,
  key: string,
  atMs: number,
): { action: ShortcutAction | null; pending: Pending | null } {
  if (pending && atMs - pending.atMs <= SEQUENCE_MS) {
    const found = SHORTCUTS.find((shortcut) => shortcut.keys === `${pending.key} ${key}`);
    if (found) return { action: found.action, pending: null };
  }
  const plain = aliases[key] ?? key;
  const single = SHORTCUTS.find((shortcut) => shortcut.keys === plain);
  if (single) return { action: single.action, pending: null };
  const starts = SHORTCUTS.some((shortcut) => shortcut.keys.startsWith(`${key} `));
  return { action: null, pending: starts ? { key, atMs } : null };
}
