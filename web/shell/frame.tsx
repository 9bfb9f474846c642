/** The frame around every view. */
import { Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { Toaster } from "sonner";
import { useDrawers, useGo } from "../lib/page.tsx";
import { useConnection, useConnectionState } from "../lib/town.tsx";
import type { ShortcutAction } from "../model/shortcuts.ts";
import { cx } from "../ui/class-names.ts";
import { SkeletonRows } from "../ui/feedback.tsx";
import { preloadMarkdown } from "../ui/markdown.tsx";
import { useTheme } from "../ui/theme-toggle.tsx";
import { TipLayer } from "../ui/tip-layer.tsx";
import { Banners } from "./banners.tsx";
import { BottomBar } from "./bottom-bar.tsx";
import { DrawerStack } from "./drawer-stack.tsx";
import { NewBead } from "./new-bead.tsx";
import { PreviewLayer } from "./preview-layer.tsx";
import { Rail } from "./rail.tsx";
import { ShortcutMap } from "./shortcut-map.tsx";
import { TopBar } from "./top-bar.tsx";
import { FrameTopics } from "./town-facts.tsx";
import { moveFocus, useShortcuts } from "./use-shortcuts.ts";

const Palette = lazy(() => import("./palette.tsx").then((module) => ({ default: module.Palette })));
const RAIL_KEY = "gastown.rail";

type Over = "palette" | "map" | "new_bead" | null;

export function Frame() {
  const [over, setOver] = useState<Over>(null);
  const [narrow, setNarrow] = useState(() => localStorage.getItem(RAIL_KEY) === "narrow");
  const offline = useConnectionState().phase === "offline";
  const theme = useTheme();
  const close = useCallback(() => setOver(null), []);
  useFrameKeys(setOver);
  useWakeUp();
  useEffect(preloadMarkdown, []);
  const toggleRail = () => {
    localStorage.setItem(RAIL_KEY, narrow ? "wide" : "narrow");
    setNarrow(!narrow);
  };
  return (
    <div className="flex h-full">
      <a
        href="#main"
        className="sr-only z-60 rounded-md bg-lamp px-3 py-2 text-on-lamp focus:not-sr-only focus:fixed focus:left-2 focus:top-2"
      >
        Skip to the view
      </a>
      <FrameTopics />
      <Rail narrow={narrow} onToggle={toggleRail} />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar onPalette={() => setOver("palette")} onNewBead={() => setOver("new_bead")} />
        <Banners />
        <main
          id="main"
          tabIndex={-1}
          className={cx(
            "min-h-0 flex-1 overflow-auto focus-visible:outline-none",
            offline && "grayscale",
          )}
        >
          <ViewTitle />
          <Suspense
            fallback={
              <div className="p-6">
                <SkeletonRows />
              </div>
            }
          >
            <Outlet />
          </Suspense>
        </main>
        <BottomBar />
      </div>
      <DrawerStack />
      {over === "palette" && (
        <Suspense fallback={null}>
          <Palette
            onClose={close}
            onNewBead={() => setOver("new_bead")}
            onMap={() => setOver("map")}
          />
        </Suspense>
      )}
      {over === "map" && <ShortcutMap onClose={close} />}
      {over === "new_bead" && <NewBead onClose={close} />}
      <TipLayer />
      <PreviewLayer />
      <Toaster position="bottom-center" theme={theme} toastOptions={{ className: "toast" }} />
    </div>
  );
}

function useFrameKeys(setOver: (over: Over) => void): void {
  const go = useGo();
  const drawers = useDrawers();
  useShortcuts((action: ShortcutAction) => {
    switch (action.kind) {
      case "go":
        go(action.path);
        return true;
      case "palette":
      case "map":
      case "new_bead":
        setOver(action.kind);
        return true;
      case "filter": {
        const filter = document.querySelector<HTMLInputElement>("[data-filter]");
        filter?.focus();
        return filter !== null;
      }
      case "back":
        if (drawers.stack.length === 0) return false;
        drawers.cut(drawers.stack.length - 1);
        return true;
      case "move":
        return moveFocus(action.by);
    }
  });
}

/** A laptop that wakes up, or a network that is back, reconnects at once. */
function useWakeUp(): void {
  const connection = useConnection();
  useEffect(() => {
    const wake = () => document.hidden || connection.wake();
    addEventListener("online", wake);
    document.addEventListener("visibilitychange", wake);
    return () => {
      removeEventListener("online", wake);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [connection]);
}

const titles: [prefix: string, title: string][] = [
  ["/mayor", "Mayor"],
  ["/board", "Board"],
  ["/convoys", "Convoys"],
  ["/reviews", "Reviews"],
  ["/agents", "Agents"],
  ["/rigs/new", "Add a rig"],
  ["/rigs", "Rig"],
  ["/settings", "Settings"],
];

/** Names the tab after the view and tells readers that it changed. */
function ViewTitle() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const title = titles.find(([prefix]) => path.startsWith(prefix))?.[1] ?? "Home";
  useEffect(() => {
    document.title = `${title} · Gastown`;
  }, [title]);
  return (
    <p role="status" className="sr-only">
      {title}
    </p>
  );
}
