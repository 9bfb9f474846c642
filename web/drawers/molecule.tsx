/** A molecule in a drawer: where it is, its steps, and what it was poured from. */
import { useMemo } from "react";
import { useImage, useImages } from "../lib/town.tsx";
import { History } from "../parts/history.tsx";
import { MoleculeSteps } from "../parts/molecule-steps.tsx";
import { IdLink } from "../shell/ref-link.tsx";
import { Age } from "../ui/age.tsx";
import { Fact, Facts } from "../ui/card.tsx";
import { StateChip } from "../ui/state-mark.tsx";
import { actorOf } from "../words/history.ts";
import { moleculeLook } from "../words/states.ts";
import { Part, RawRecord, TopicFrame } from "./sections.tsx";

export function MoleculeDrawer({ id }: { id: string }) {
  const topic = `bead:${id}` as const;
  const molecule = useImages(topic, "molecule").find((image) => image.id === id);
  const all = useImages(topic, "event");
  const events = useMemo(() => all.filter((event) => event.beadId === id), [all, id]);
  const rig = useImage("rig", molecule?.rigId ?? null);
  const by = actorOf(molecule?.createdBy ?? "");
  return (
    <TopicFrame topic={topic} found={molecule !== undefined}>
      {molecule && (
        <>
          <div className="px-4 py-4">
            <h2 className="text-lg font-semibold leading-[22px] [overflow-wrap:anywhere]">
              {molecule.title}
            </h2>
            <div className="mt-2 flex items-center gap-3 text-sm">
              <StateChip look={moleculeLook(molecule.state)} />
              {molecule.current !== null && (
                <span className="num text-ink-3">
                  step {molecule.current} of {molecule.steps.length}
                </span>
              )}
            </div>
            {molecule.failure && (
              <p className="mt-3 rounded-md border border-line bg-canvas px-3 py-2 text-sm">
                {molecule.failure.message}
              </p>
            )}
          </div>
          <Part title="Steps" count={molecule.steps.length}>
            <MoleculeSteps molecule={molecule} />
          </Part>
          <Part title="Facts">
            <Facts>
              {rig && <Fact name="Rig">{rig.name}</Fact>}
              <Fact name="Formula">
                {molecule.formula.name}, version {molecule.formula.version}
              </Fact>
              <Fact name="Poured">
                <Age at={molecule.createdAt} form="ago" /> by{" "}
                {by.id ? <IdLink id={by.id} copy={false} /> : by.label}
              </Fact>
            </Facts>
          </Part>
          {events.length > 0 && (
            <Part title="History" count={events.length}>
              <History events={events} />
            </Part>
          )}
          <RawRecord value={molecule} />
        </>
      )}
    </TopicFrame>
  );
}
