/** A request of triage in a drawer: what was raised, who looks at it, what was decided. */
import { useMemo } from "react";
import { useImage, useImages } from "../lib/town.tsx";
import { History } from "../parts/history.tsx";
import { IdLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { triageLook } from "../words/states.ts";
import { triageText } from "../words/triage.ts";
import { Part, RawRecord, TopicFrame } from "./sections.tsx";

export function TriageDrawer({ id }: { id: string }) {
  const topic = `bead:${id}` as const;
  const request = useImages(topic, "triage").find((image) => image.id === id);
  const all = useImages(topic, "event");
  const events = useMemo(() => all.filter((event) => event.beadId === id), [all, id]);
  const rig = useImage("rig", request?.rigId ?? null);
  const decided = request && triageText({ ...request, isTaken: request.runId !== null });
  return (
    <TopicFrame topic={topic} found={request !== undefined}>
      {request && (
        <>
          <div className="px-4 py-4">
            <h2 className="text-lg font-semibold leading-[22px] [overflow-wrap:anywhere]">
              {request.title}
            </h2>
            <div className="mt-2 text-sm">
              <StateChip look={triageLook(request.state)} />
            </div>
            {decided && (
              <p className="mt-3 rounded-md border border-line bg-canvas px-3 py-2 text-sm [overflow-wrap:anywhere]">
                {decided}
              </p>
            )}
          </div>
          {request.body !== "" && (
            <Part title="What was raised">
              <Markdown text={request.body} />
            </Part>
          )}
          <Part title="Facts">
            <Facts>
              <Fact name="About">
                <IdLink id={request.beadId} copy={false} />
              </Fact>
              {rig && <Fact name="Rig">{rig.name}</Fact>}
              {request.runId !== null && (
                <Fact name="Run">
                  <IdLink id={request.runId} copy={false} />
                </Fact>
              )}
              {request.tries > 0 && <Fact name="Tries without a decision">{request.tries}</Fact>}
              <Fact name="Asked">
                <Age at={request.createdAt} form="ago" />
              </Fact>
            </Facts>
          </Part>
          {events.length > 0 && (
            <Part title="History" count={events.length}>
              <History events={events} />
            </Part>
          )}
          <RawRecord value={request} />
        </>
      )}
    </TopicFrame>
  );
}
