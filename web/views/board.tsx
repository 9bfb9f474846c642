/** The board: every bead in five columns, narrowed by words and rigs that live in the URL. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef } from "react";
import { useDrawers, usePageSearch, useSetSearch } from "../lib/page.tsx";
import { useImages, useTopic, useTopicProblem } from "../lib/town.tsx";
import { type Column, columnsOf } from "../model/board.ts";
import { BoardCard, CARD_HEIGHT_PX } from "../parts/board-card.tsx";
import { cx } from "../ui/class-names.ts";
import { Problem, SkeletonRows } from "../ui/feedback.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { issueLook } from "../words/states.ts";

const emptyWords: Record<Column["status"], string> = {
  open: "Nothing waits. Press c to sling a bead, or tell the Mayor a wish.",
  in_progress: "No agent is building.",
  in_review: "Nothing is in review.",
  closed: "Nothing is closed yet.",
  failed: "Nothing has failed.",
};

export function BoardView() {
  const { q = "", rig: rigIds = [] } = usePageSearch();
  const issues = useImages("board", "issue");
  const { ready } = useTopic("board");
  const problem = useTopicProblem("board");
  const query = useDeferredValue(q);
  const columns = useMemo(() => columnsOf(issues, query, rigIds), [issues, query, rigIds]);
  const rigs = useImages("town", "rig");
  const columnsBox = useOpenCardInSight();
  return (
    <div className="flex h-full flex-col">
      <Filters query={q} rigIds={rigIds} />
      {problem && (
        <div className="px-6">
          <Problem>{problem}</Problem>
        </div>
      )}
      <div
        ref={columnsBox}
        role="group"
        aria-label="Columns"
        tabIndex={0}
        className="flex min-h-0 flex-1 snap-x gap-3 overflow-x-auto px-6 pb-4 max-sm:snap-mandatory max-sm:gap-2 max-sm:px-3"
      >
        {columns.map((column) => (
          <BoardColumn
            key={column.status}
            column={column}
            ready={ready}
            showRig={rigs.length > 1 && rigIds.length !== 1}
            narrowed={query !== "" || rigIds.length > 0}
          />
        ))}
      </div>
    </div>
  );
}

/** A drawer takes width: the card that it shows stays where it can be seen. */
function useOpenCardInSight() {
  const box = useRef<HTMLDivElement>(null);
  const first = useDrawers().stack[0]?.id;
  useEffect(() => {
    if (first === undefined) return;
    box.current
      ?.querySelector("[data-open]")
      ?.closest("section")
      ?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [first]);
  return box;
}

function Filters({ query, rigIds }: { query: string; rigIds: readonly string[] }) {
  const setSearch = useSetSearch();
  const rigs = useImages("town", "rig");
  const toggle = (id: string) =>
    setSearch(({ rig: before = [], ...rest }) => {
      const after = before.includes(id) ? before.filter((known) => known !== id) : [...before, id];
      return after.length > 0 ? { ...rest, rig: after } : rest;
    }, true);
  const type = (text: string) =>
    setSearch(({ q: _q, ...rest }) => (text === "" ? rest : { ...rest, q: text }), true);
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-2 px-6 pb-3 pt-4 max-sm:px-3">
      <h1 className="mr-2 text-xl font-semibold tracking-[-0.012em]">Board</h1>
      <label className="relative">
        <span className="sr-only">Filter beads</span>
        <input
          data-filter
          type="search"
          value={query}
          onChange={(event) => type(event.target.value)}
          placeholder="Filter by title or id"
          className="h-7 w-52 rounded-md border border-line-strong bg-panel px-2.5 text-sm placeholder:text-ink-3 max-sm:h-9"
        />
        <kbd
          aria-hidden
          className={cx(
            "absolute right-2 top-1 rounded-sm border border-line px-1 text-ink-3 max-sm:hidden",
            query !== "" && "hidden",
          )}
        >
          /
        </kbd>
      </label>
      {rigs.length > 1 && (
        <ul aria-label="Rigs" className="flex flex-wrap gap-1.5">
          {rigs.map((rig) => {
            const on = rigIds.includes(rig.id);
            return (
              <li key={rig.id}>
                <button
                  type="button"
                  aria-pressed={on}
                  onClick={() => toggle(rig.id)}
                  className={cx(
                    "inline-flex h-7 items-center gap-1 rounded-full border px-2.5 text-sm",
                    on
                      ? "border-focus bg-lamp-soft text-ink"
                      : "border-line-strong text-ink-2 hover:bg-raised",
                  )}
                >
                  {rig.name}
                  {on && <X size={12} strokeWidth={2} aria-hidden />}
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}

interface ColumnProps {
  column: Column;
  ready: boolean;
  showRig: boolean;
  narrowed: boolean;
}

function BoardColumn({ column, ready, showRig, narrowed }: ColumnProps) {
  const { status, label, issues } = column;
  const look = issueLook({ status, outcome: status === "closed" ? "landed" : null });
  return (
    <section
      aria-label={`${label}, ${issues.length}`}
      className="flex min-w-[222px] flex-1 snap-center flex-col rounded-lg border border-line bg-canvas max-sm:min-w-[82vw]"
    >
      <h2 className="flex h-9 shrink-0 items-center gap-2 px-3 text-sm font-semibold">
        <StateMark look={look} silent />
        {label}
        <span className="num text-xs font-normal text-ink-3">{issues.length}</span>
      </h2>
      {!ready ? (
        <SkeletonRows rows={3} />
      ) : issues.length === 0 ? (
        <p className="px-3 py-2 text-xs text-ink-3">
          {narrowed ? "Nothing fits the filter." : emptyWords[status]}
        </p>
      ) : (
        <Cards issues={issues} showRig={showRig} label={label} />
      )}
    </section>
  );
}

function Cards({
  issues,
  showRig,
  label,
}: {
  issues: Column["issues"];
  showRig: boolean;
  label: string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: issues.length,
    getScrollElement: () => box.current,
    estimateSize: () => CARD_HEIGHT_PX,
    getItemKey: (index) => issues[index]?.id ?? index,
    overscan: 8,
  });
  return (
    <div
      ref={box}
      tabIndex={0}
      role="group"
      aria-label={`${label} beads`}
      className="min-h-0 flex-1 overflow-y-auto px-2 pb-2"
    >
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const issue = issues[row.index];
          return (
            issue && (
              <div
                key={row.key}
                className="absolute inset-x-0 top-0"
                style={{ transform: `translateY(${row.start}px)` }}
              >
                <BoardCard issue={issue} showRig={showRig} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}
