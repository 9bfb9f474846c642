/** Where the bytes of saved work are, with a light that says whether one disk alone has them. */
import { savedText, type BeadWork, type Run } from "../../protocol/index.ts";
import { useImage } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Fact } from "../ui/card.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { safetyLook } from "../words/safety.ts";

export function WorkSafety({ saved }: { saved: BeadWork }) {
  const runner = useImage("runner", saved.runnerId);
  return (
    <Fact name="Work safety">
      <span className="flex items-start gap-2 [overflow-wrap:anywhere]">
        <span className="mt-0.5 shrink-0">
          <StateMark look={safetyLook(saved)} />
        </span>
        <span>
          {savedText(saved, runner?.name ?? "that is gone")}{" "}
          <span className="text-ink-3">
            (saved <Age at={saved.at} form="ago" />)
          </span>
        </span>
      </span>
    </Fact>
  );
}

/** Of a run: besides, what could not be saved. */
export function RunSafety({ run }: { run: Run }) {
  const { savedWork, notSaved } = run;
  return (
    <>
      {savedWork && <WorkSafety saved={{ ...savedWork, runId: run.id, runnerId: run.runnerId }} />}
      {savedWork && savedWork.left.length > 0 && (
        <Fact name="Not saved">
          <ul className="space-y-0.5 text-sm">
            {savedWork.left.map(({ path, reason }) => (
              <li key={path} className="[overflow-wrap:anywhere]">
                <code>{path}</code>{" "}
                <span className="text-ink-3">{reason.replaceAll("_", " ")}</span>
              </li>
            ))}
          </ul>
        </Fact>
      )}
      {notSaved !== null && (
        <Fact name="Since then">
          <span className="text-s-failed [overflow-wrap:anywhere]">Not saved: {notSaved}</span>
        </Fact>
      )}
    </>
  );
}
