/** Listens for the keyboard map's keys, wherever nobody is typing. */
import { useEffect, useRef } from "react";
import { type Pending, pressKey, type ShortcutAction } from "../model/shortcuts.ts";

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches("input, textarea, select, [role=radio]") ||
      target.closest("dialog") !== null)
  );
}

export function useShortcuts(act: (action: ShortcutAction) => boolean): void {
  const pending = useRef<Pending | null>(null);
  const newest = useRef(act);
  newest.current = act;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        newest.current({ kind: "palette" });
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target)) {
        if (
          event.key === "Escape" &&
          event.target instanceof HTMLElement &&
          !event.target.closest("dialog")
        )
          event.target.blur();
        return;
      }
      const pressed = pressKey(pending.current, event.key, event.timeStamp);
      pending.current = pressed.pending;
      if (pressed.action && newest.current(pressed.action)) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

/** Moves focus between the rows of the top-most drawer or the view; true when there was somewhere to go. */
export function moveFocus(by: "next" | "previous" | "left" | "right"): boolean {
  const root =
    document.querySelector("[data-drawer]:focus-within") ?? document.querySelector("main");
  const rows = [...(root?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
  if (rows.length === 0) return false;
  const here = rows.findIndex((row) => row === document.activeElement);
  const focus = (row: HTMLElement | undefined) => {
    row?.focus();
    row?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return row !== undefined;
  };
  const current = rows[here];
  if (!current) return by === "next" || by === "previous" ? focus(rows[0]) : false;
  const column = current.dataset["row"];
  if (by === "next" || by === "previous") {
    const inColumn = rows.filter((row) => row.dataset["row"] === column);
    return focus(inColumn[inColumn.indexOf(current) + (by === "next" ? 1 : -1)]);
  }
  const columns = [...new Set(rows.map((row) => row.dataset["row"]))];
  const beside = columns[columns.indexOf(column) + (by === "right" ? 1 : -1)];
  if (beside === undefined) return false;
  const top = current.getBoundingClientRect().top;
  const distance = (row: HTMLElement) => Math.abs(row.getBoundingClientRect().top - top);
  return focus(
    rows
      .filter((row) => row.dataset["row"] === beside)
      .sort((a, b) => distance(a) - distance(b))[0],
  );
}
