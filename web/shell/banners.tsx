/** Strips above a view: what makes the whole page less than it seems. */
import { Link } from "@tanstack/react-router";
import { CloudOff, KeyRound, OctagonPause } from "lucide-react";
import type { ReactNode } from "react";
import type { TownLimits } from "../../protocol/index.ts";
import { useNow } from "../lib/now.ts";
import { useConnectionState, useTown } from "../lib/town.tsx";
import { Remedy } from "../parts/why-part.tsx";
import { clockTime } from "../words/age.ts";

function Strip({
  icon,
  action,
  children,
}: {
  icon: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <div
      role="status"
      className="flex min-h-9 shrink-0 items-center gap-2.5 border-b border-line bg-lamp-soft px-4 py-1.5 text-sm text-ink"
    >
      {icon}
      <p className="min-w-0">{children}</p>
      {action && <div className="ml-auto shrink-0">{action}</div>}
    </div>
  );
}

const PROVIDER = {
  throttled: "The model's provider asks to slow down",
  quota: "The model's quota is used up",
  unreachable: "The model cannot be reached",
  refused: "The model's endpoint refuses its key or name",
} as const;

const RESUME = { text: "Resume the town", command: "town.resume", body: {} };
const RETRY = { text: "Try it now", command: "provider.retry", body: {} };
const CLOSE = { text: "Close the breaker", command: "breaker.reset", body: {} };

/** Why nothing, or less, is dispatched in the whole town: since when and until when. */
function Held({
  limits: { pause, provider, breaker, day },
  now,
}: {
  limits: TownLimits;
  now: number;
}) {
  const lines: { text: string; remedy: typeof RESUME | null }[] = [];
  if (pause) {
    const what = pause.kind === "stop" ? "stopped" : "paused";
    const why = pause.reason === "" ? "" : `: ${pause.reason}`;
    const who = pause.by.replace(/^person:/, "");
    const text = `The town was ${what} by ${who} at ${clockTime(pause.at, now)}${why}.`;
    lines.push({ text, remedy: RESUME });
  }
  if (day.usedUp !== null)
    lines.push({ text: `The budget of this day is used up: ${day.usedUp}.`, remedy: null });
  if (breaker.state !== "closed") {
    const state = breaker.state === "open" ? "open" : "half open: one bead is tried";
    const text = `The breaker is ${state} since ${clockTime(breaker.since, now)}: ${breaker.reason?.message ?? ""}.`;
    lines.push({ text, remedy: CLOSE });
  }
  if (provider) {
    const { untilAt, since, state } = provider;
    const waits = untilAt !== null && untilAt > now;
    const until = waits ? `, tried again at ${clockTime(untilAt, now)}` : "";
    lines.push({
      text: `${PROVIDER[state]} since ${clockTime(since, now)}${until}.`,
      remedy: waits || untilAt === null ? RETRY : null,
    });
  }
  return lines.map(({ text, remedy }) => (
    <Strip
      key={text}
      action={remedy && <Remedy remedy={remedy} />}
      icon={
        <OctagonPause size={16} strokeWidth={1.5} aria-hidden className="shrink-0 text-lamp-ink" />
      }
    >
      {text}
    </Strip>
  ));
}

export function Banners() {
  const connection = useConnectionState();
  const town = useTown();
  const now = useNow(30_000);
  return (
    <>
      {connection.phase === "offline" && (
        <Strip
          icon={
            <CloudOff size={16} strokeWidth={1.5} aria-hidden className="shrink-0 text-lamp-ink" />
          }
        >
          Offline since <span className="num">{clockTime(connection.sinceAt, now)}</span>. What you
          see is from then; it goes on by itself when the town answers.
        </Strip>
      )}
      {town && <Held limits={town.limits} now={now} />}
      {town?.model === null && (
        <Strip
          icon={
            <KeyRound size={16} strokeWidth={1.5} aria-hidden className="shrink-0 text-lamp-ink" />
          }
        >
          No model key: nothing is dispatched.{" "}
          <Link
            to="/settings"
            search={{}}
            className="font-medium underline decoration-lamp underline-offset-3"
          >
            Choose a model in Settings
          </Link>
        </Strip>
      )}
    </>
  );
}
