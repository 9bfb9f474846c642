/** A molecule's steps in their order, with the current one marked and what a person may do about a failed one. */
import type { Molecule, MoleculeStep } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { RefLink } from "../shell/ref-link.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/class-names.ts";
import { Refusal } from "../ui/feedback.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { stepLook } from "../words/states.ts";

/** @param here the step whose drawer this is */
export function MoleculeSteps({ molecule, here }: { molecule: Molecule; here?: string }) {
  const asked = new Set(molecule.question?.beads);
  return (
    <div className="space-y-2.5">
      <ol className="@container -mx-1 divide-y divide-line overflow-hidden rounded-md border border-line">
        {molecule.steps.map((step) => (
          <li key={step.beadId}>
            <StepRow
              step={step}
              isCurrent={step.n === molecule.current}
              isHere={step.beadId === here}
            />
          </li>
        ))}
      </ol>
      {molecule.steps
        .filter((step) => asked.has(step.beadId))
        .map((step) => (
          <DecideStep key={step.beadId} molecule={molecule} step={step} />
        ))}
    </div>
  );
}

function StepRow({
  step,
  isCurrent,
  isHere,
}: {
  step: MoleculeStep;
  isCurrent: boolean;
  isHere: boolean;
}) {
  return (
    <RefLink
      row
      id={step.beadId}
      className={cx(
        "flex min-h-9 items-center gap-2.5 px-3 py-1.5 hover:bg-raised focus-visible:-outline-offset-2",
        isHere && "bg-raised",
      )}
    >
      <StateMark look={stepLook(step)} />
      <span className="num w-4 shrink-0 text-right text-xs text-ink-3">{step.n}</span>
      <span className={cx("min-w-0 flex-1 truncate text-sm", isCurrent && "font-medium")}>
        {step.title}
      </span>
      {isCurrent && (
        <span aria-current="step" className="shrink-0 text-xs text-ink-2">
          current
        </span>
      )}
    </RefLink>
  );
}

function DecideStep({ molecule, step }: { molecule: Molecule; step: MoleculeStep }) {
  const decide = useCommand("molecule.decide");
  const send = (choice: "retry" | "skip") =>
    void decide.run({
      molecule: molecule.id,
      version: molecule.version,
      step: step.beadId,
      choice,
    });
  const sent = decide.state.phase === "sent";
  return (
    <div className="rounded-md border border-line bg-canvas p-3">
      <p className="text-sm">Step {step.n} has failed. The molecule waits for your choice.</p>
      {decide.state.phase === "refused" && <Refusal error={decide.state.error} />}
      <div className="mt-2 flex gap-2">
        <Button look="main" size="small" sent={sent} onClick={() => send("retry")}>
          Retry step {step.n}
        </Button>
        <Button size="small" disabled={sent} onClick={() => send("skip")}>
          Skip step {step.n}
        </Button>
      </div>
    </div>
  );
}
