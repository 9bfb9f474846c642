/** The left rail: views, rigs with their state, and what the town runs on. Collapses to icons. */
import { Link } from "@tanstack/react-router";
import { PanelLeft, Plus } from "lucide-react";
import type { ReactNode } from "react";
import type { Rig } from "../../protocol/index.ts";
import { useImages, useTown } from "../lib/town.tsx";
import { isSettled } from "../model/board.ts";
import { IconButton } from "../ui/button.tsx";
import { cx } from "../ui/class-names.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { riskLook } from "../words/safety.ts";
import { rigLook, runnerLook } from "../words/states.ts";
import { PLACES } from "./places.ts";
import { useNeeds } from "./town-facts.tsx";

const item =
  "flex h-8 items-center gap-2.5 rounded-md px-2 text-sm text-ink-2 transition-colors duration-120 hover:bg-raised hover:text-ink data-[status=active]:bg-pressed data-[status=active]:font-medium data-[status=active]:text-ink";

export function Rail({ narrow, onToggle }: { narrow: boolean; onToggle: () => void }) {
  const rigs = useImages("town", "rig");
  return (
    <nav
      aria-label="Views"
      className={cx(
        "flex h-full shrink-0 flex-col border-r border-line bg-panel max-sm:hidden",
        narrow ? "w-13" : "w-53",
      )}
    >
      <div className="flex h-12 shrink-0 items-center gap-2 px-3">
        {!narrow && <TownName />}
        <IconButton
          label={narrow ? "Widen the rail" : "Narrow the rail"}
          onClick={onToggle}
          className={narrow ? "" : "ml-auto -mr-1"}
        >
          <PanelLeft size={16} strokeWidth={1.5} aria-hidden />
        </IconButton>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        <ul className="space-y-px">
          {PLACES.map(({ path, label, keys, Icon }) => (
            <li key={path}>
              <Link
                to={path}
                activeOptions={{ exact: path === "/", includeSearch: false }}
                search={{}}
                aria-label={narrow ? label : undefined}
                data-tip={narrow ? `${label}  ${keys}` : undefined}
                className={item}
              >
                <Icon size={16} strokeWidth={1.5} aria-hidden className="shrink-0" />
                {!narrow && <span className="flex-1">{label}</span>}
                <Count path={path} narrow={narrow} />
              </Link>
            </li>
          ))}
        </ul>
        <RailHeading narrow={narrow} action={<AddRig narrow={narrow} />}>
          Rigs
        </RailHeading>
        <ul className="space-y-px">
          {[...rigs]
            .sort((a, b) => a.name.localeCompare(b.name))
            .map((rig) => (
              <RigRow key={rig.id} rig={rig} narrow={narrow} />
            ))}
        </ul>
      </div>
      <RailFoot narrow={narrow} />
    </nav>
  );
}

function TownName() {
  const town = useTown();
  return (
    <Link to="/" search={{}} className="flex min-w-0 items-center gap-2 rounded-md">
      <svg
        viewBox="0 0 32 32"
        width="20"
        height="20"
        aria-hidden
        className="shrink-0 text-lamp-ink"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.2"
        strokeLinejoin="round"
        strokeLinecap="round"
      >
        <path d="M16 3 24 8.500l-2 11.500H10L8 8.500zM16 20v9M11 29h10" />
        <path
          d="M16 10c2.400 2.500 2.900 3.800 2.900 5a2.900 2.900 0 0 1-5.800 0c0-1.200.5-2.500 2.900-5z"
          fill="currentColor"
          stroke="none"
        />
      </svg>
      <span className="truncate text-base font-semibold tracking-[-0.01em]">
        {town?.name ?? "Gastown"}
      </span>
    </Link>
  );
}

function RailHeading({
  children,
  narrow,
  action,
}: {
  children: ReactNode;
  narrow: boolean;
  action: ReactNode;
}) {
  return (
    <div className={cx("mt-5 mb-1 flex h-7 items-center", narrow ? "justify-center" : "pl-2")}>
      {!narrow && <h2 className="flex-1 text-xs font-medium text-ink-3">{children}</h2>}
      {action}
    </div>
  );
}

function AddRig({ narrow }: { narrow: boolean }) {
  return (
    <Link
      to="/rigs/new"
      search={{}}
      aria-label="Add a rig"
      data-tip="Add a rig"
      className={cx(
        "inline-flex items-center justify-center rounded-md text-ink-3 hover:bg-raised hover:text-ink",
        narrow ? "size-8" : "size-6",
      )}
    >
      <Plus size={14} strokeWidth={1.75} aria-hidden />
    </Link>
  );
}

function RigRow({ rig, narrow }: { rig: Rig; narrow: boolean }) {
  const look = rigLook(rig);
  return (
    <li>
      <Link
        to={`/rigs/${rig.id}`}
        search={{}}
        aria-label={narrow ? `${rig.name}: ${look.label}` : undefined}
        data-tip={narrow ? `${rig.name}: ${look.label}` : look.label}
        className={cx(item, narrow && "justify-center px-0")}
      >
        <StateMark look={look} size={12} silent={narrow} />
        {!narrow && <span className="truncate">{rig.name}</span>}
      </Link>
    </li>
  );
}

function Count({ path, narrow }: { path: string; narrow: boolean }) {
  const needs = useNeeds().length;
  const reviews = useImages("reviews", "review").filter((review) => !isSettled(review));
  const waiting = reviews.filter((review) => review.state === "needs_person").length;
  if (path === "/" && needs > 0)
    return <Badge amount={needs} urgent narrow={narrow} label={`${needs} need you`} />;
  if (path === "/reviews" && reviews.length > 0) {
    return (
      <Badge
        amount={waiting || reviews.length}
        urgent={waiting > 0}
        narrow={narrow}
        label={waiting > 0 ? `${waiting} need you` : `${reviews.length} under way`}
      />
    );
  }
  return null;
}

function Badge({
  amount,
  urgent,
  narrow,
  label,
}: {
  amount: number;
  urgent: boolean;
  narrow: boolean;
  label: string;
}) {
  if (narrow)
    return urgent ? (
      <span aria-label={label} role="img" className="-ml-3 -mt-3 size-2 rounded-full bg-lamp" />
    ) : null;
  return (
    <span
      aria-label={label}
      role="img"
      className={cx(
        "num rounded-full px-1.5 text-xs",
        urgent ? "bg-lamp-soft font-semibold text-lamp-ink" : "text-ink-3",
      )}
    >
      {amount}
    </span>
  );
}

/** What would be lost if the disk of one runner died now. */
function RiskLight({ lines, narrow }: { lines: number; narrow: boolean }) {
  const look = riskLook(lines);
  return (
    <p
      data-tip={`${look.label}: unfinished work that the disk of one runner alone holds`}
      className={cx("flex h-5 items-center gap-2", narrow && "justify-center")}
    >
      <StateMark look={look} size={12} silent={!narrow} />
      {!narrow && <span className="num truncate">{look.label}</span>}
    </p>
  );
}

function RailFoot({ narrow }: { narrow: boolean }) {
  const runners = useImages("town", "runner");
  const town = useTown();
  return (
    <div
      className={cx(
        "shrink-0 space-y-1 border-t border-line py-2 text-xs text-ink-3",
        narrow ? "px-2" : "px-4",
      )}
    >
      {runners.map((runner) => {
        const look = runnerLook(runner);
        return (
          <p
            key={runner.id}
            data-tip={`Runner ${runner.name}: ${look.label}, ${runner.slots} slots`}
            className={cx("flex h-5 items-center gap-2", narrow && "justify-center")}
          >
            <StateMark look={look} size={12} />
            {!narrow && <span className="truncate">{runner.name}</span>}
          </p>
        );
      })}
      {runners.length === 0 && town && !narrow && (
        <p className="flex h-5 items-center">No runner is connected</p>
      )}
      {town && <RiskLight lines={town.linesAtRisk} narrow={narrow} />}
      {!narrow && town && <p className="mono truncate">Gastown {town.appVersion}</p>}
    </div>
  );
}
