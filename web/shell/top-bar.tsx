/** The top bar: search, what the town runs on, and a truthful connection state. */
import { Plus, Search, ShieldOff, SquareTerminal } from "lucide-react";
import { useConnectionState } from "../lib/town.tsx";
import { useNow } from "../lib/now.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { cx } from "../ui/class-names.ts";
import { clockTime } from "../words/age.ts";
import { useBareRunner, useScripted } from "./town-facts.tsx";

interface TopBarProps {
  onPalette: () => void;
  onNewBead: () => void;
}

const isMac = navigator.platform.startsWith("Mac");

export function TopBar({ onPalette, onNewBead }: TopBarProps) {
  return (
    <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-panel px-3 sm:px-4">
      <button
        type="button"
        onClick={onPalette}
        aria-keyshortcuts="Control+K Meta+K"
        className="flex h-8 min-w-0 max-w-[360px] flex-1 items-center gap-2 rounded-md border border-line bg-canvas px-2.5 text-left text-sm text-ink-3 transition-colors duration-120 hover:border-line-strong hover:text-ink-2 max-sm:h-10"
      >
        <Search size={14} strokeWidth={1.5} aria-hidden className="shrink-0" />
        <span className="flex-1 truncate">Search or jump to…</span>
        <kbd aria-hidden className="rounded-sm border border-line px-1 text-ink-3 max-sm:hidden">
          {isMac ? "⌘K" : "Ctrl K"}
        </kbd>
      </button>
      <div className="ml-auto flex items-center gap-2">
        <Badges />
        <ConnectionMark />
        <Button
          size="small"
          onClick={onNewBead}
          data-tip="New bead  c"
          className="h-7 max-sm:hidden"
        >
          <Plus size={14} strokeWidth={1.75} aria-hidden />
          New bead
        </Button>
        <IconButton label="New bead" onClick={onNewBead} className="sm:hidden">
          <Plus size={18} strokeWidth={1.5} aria-hidden />
        </IconButton>
      </div>
    </header>
  );
}

type BareRunner = NonNullable<ReturnType<typeof useBareRunner>>;

function bareTip({ name, isolation, isolationReason: reason }: BareRunner): string {
  if (isolation === "user")
    return `Agents of runner ${name} reach what its host reaches by the network. ${reason ?? ""}`;
  return `Runner ${name} has no sandbox${reason ? `: ${reason}` : ""}. Agents on its host can read everything its user can.`;
}

function Badges() {
  const scripted = useScripted();
  const bare = useBareRunner();
  const badge =
    "inline-flex h-6 items-center gap-1.5 rounded-full border px-2 text-xs whitespace-nowrap";
  return (
    <>
      {bare && (
        <span
          tabIndex={0}
          data-tip={bareTip(bare)}
          className={cx(badge, "hatched border-line-strong font-medium text-s-failed")}
        >
          <ShieldOff size={12} strokeWidth={1.75} aria-hidden />
          <span className="max-md:sr-only">
            {bare.isolation === "none" ? "no isolation" : "network open"}
          </span>
        </span>
      )}
      {scripted && (
        <span
          tabIndex={0}
          data-tip="Answers come from a script, not from a language model."
          className={cx(badge, "border-line-strong text-ink-2")}
        >
          <SquareTerminal size={12} strokeWidth={1.75} aria-hidden />
          <span className="max-sm:sr-only">scripted model</span>
        </span>
      )}
    </>
  );
}

function ConnectionMark() {
  const state = useConnectionState();
  const now = useNow(30_000);
  const [text, tone] =
    state.phase === "online"
      ? ["Live", "bg-s-landed"]
      : state.phase === "offline"
        ? [`Offline since ${clockTime(state.sinceAt, now)}`, "bg-s-failed"]
        : ["Connecting", "border border-s-open"];
  return (
    <span
      role="status"
      aria-label={`Connection: ${text}`}
      className="inline-flex items-center gap-2 text-xs text-ink-2"
    >
      <span aria-hidden className={cx("size-2 rounded-full", tone)} />
      <span className={state.phase === "online" ? "max-sm:sr-only" : ""}>{text}</span>
    </span>
  );
}
