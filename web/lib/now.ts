/** The time for ages on the page: one ticker for everything that shows one, none when nothing does. */
import { useSyncExternalStore } from "react";

const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let shownAt = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

function tick(): void {
  if (document.hidden) return;
  shownAt = Date.now();
  for (const listener of listeners) listener();
}

function follow(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) {
    shownAt = Date.now();
    timer = setInterval(tick, TICK_MS);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
    document.removeEventListener("visibilitychange", tick);
  };
}

/**
 * The wall clock, ms since 1970, rounded down to `stepMs`: a component draws again only when its
 * own step has passed.
 */
export function useNow(stepMs = TICK_MS): number {
  return useSyncExternalStore(follow, () => Math.floor(shownAt / stepMs) * stepMs);
}
