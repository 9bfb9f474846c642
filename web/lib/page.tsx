/** Where the page is: its search part, its drawers, and ways to change both. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { createContext, useCallback, useContext, useMemo } from "react";
import { type DrawerRef, openAbove, parseDrawer } from "./drawers.ts";
import type { PageSearch } from "./search-params.ts";

export function usePageSearch(): PageSearch {
  return useSearch({ strict: false });
}

/** Changes the search part in place; `undefined` takes a key away. */
export function useSetSearch(): (
  change: (search: PageSearch) => PageSearch,
  replace?: boolean,
) => void {
  const navigate = useNavigate();
  return useCallback(
    (change, replace = false) => {
      void navigate({ to: ".", search: (search: PageSearch) => change(search), replace } as never);
    },
    [navigate],
  );
}

/** How many drawers lie below the part of the page that a component is in. */
export const DrawerLevel = createContext(0);

export interface Drawers {
  stack: DrawerRef[];
  open: (ref: DrawerRef, level: number) => void;
  /** Keeps the lowest `level` drawers. */
  cut: (level: number) => void;
}

export function useDrawers(): Drawers {
  const { d } = usePageSearch();
  const setSearch = useSetSearch();
  return useMemo(() => {
    const change = (next: (stack: readonly string[]) => string[]) =>
      setSearch(({ d: before = [], ...rest }) => {
        const after = next(before);
        return after.length > 0 ? { ...rest, d: after } : rest;
      });
    return {
      stack: (d ?? []).map(parseDrawer).filter((ref) => ref !== null),
      open: (ref, level) => change((stack) => openAbove(stack, level, ref)),
      cut: (level) => change((stack) => stack.slice(0, level)),
    };
  }, [d, setSearch]);
}

export function useDrawerLevel(): number {
  return useContext(DrawerLevel);
}

/** Goes to another view; its drawers and filters stay behind. */
export function useGo(): (path: string) => void {
  const navigate = useNavigate();
  return useCallback(
    (path: string) => void navigate({ to: path, search: {} } as never),
    [navigate],
  );
}
