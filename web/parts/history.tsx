/** History told in sentences, newest first. */
import { useMemo } from "react";
import type { BeadEvent } from "../../protocol/index.ts";
import { IdLink, Linked } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { actorOf, sentence } from "../words/history.ts";

export function History({ events }: { events: readonly BeadEvent[] }) {
  const sorted = useMemo(
    () => [...events].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)),
    [events],
  );
  return (
    <ol className="relative space-y-2.5 border-l border-line pl-4">
      {sorted.map((event) => (
        <Line key={event.id} event={event} />
      ))}
    </ol>
  );
}

function Line({ event }: { event: BeadEvent }) {
  const actor = actorOf(event.actor);
  return (
    <li className="relative text-sm">
      <span
        aria-hidden
        className={`absolute -left-[19px] top-[7px] size-[5px] rounded-full ${event.failure ? "bg-s-failed" : "bg-line-strong"}`}
      />
      <p className="text-ink [overflow-wrap:anywhere]">
        <Linked text={sentence(event)} />
      </p>
      {event.failure && event.failure.message !== event.text && (
        <p className="text-s-failed [overflow-wrap:anywhere]">{event.failure.message}</p>
      )}
      <p className="text-xs text-ink-3">
        {actor.id ? <IdLink id={actor.id} copy={false} /> : actor.label}
        {event.runId && event.runId !== actor.id && (
          <>
            {" · "}
            <IdLink id={event.runId} copy={false} />
          </>
        )}
        {event.rule && <span className="mono"> · {event.rule}</span>}
        {" · "}
        <Age at={event.at} form="ago" />
      </p>
    </li>
  );
}
