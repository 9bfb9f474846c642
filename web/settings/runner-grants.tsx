/** What a runner may be given, and its labels: shown, and changed in place. */
import { useState } from "react";
import { RUNNER_RIGHTS, type Runner, type RunnerRight } from "../../protocol/index.ts";
import { useCommand, useImages } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { CheckField, TextField } from "../ui/field.tsx";
import { limitsOf } from "../words/runner-limits.ts";

const RIGHT_TITLES: Readonly<Record<RunnerRight, { label: string; help: string }>> = {
  model: {
    label: "The model's key",
    help: "Without it, its agents call the model through the town.",
  },
  merge: { label: "Landings", help: "It pushes to the targets of the rigs." },
};

/** Checks for rights; agents, gates and baselines need none. */
export function RightFields({
  rights,
  onChange,
}: {
  rights: readonly RunnerRight[];
  onChange: (rights: RunnerRight[]) => void;
}) {
  return (
    <fieldset className="flex flex-wrap gap-x-6 gap-y-2">
      <legend className="mb-1 text-sm font-medium">What it may have and do</legend>
      {RUNNER_RIGHTS.map((right) => (
        <CheckField
          key={right}
          {...RIGHT_TITLES[right]}
          checked={rights.includes(right)}
          onChange={(event) =>
            onChange(
              RUNNER_RIGHTS.filter((each) =>
                each === right ? event.target.checked : rights.includes(each),
              ),
            )
          }
        />
      ))}
    </fieldset>
  );
}

/** Labels, what it is not given and why, and the way to change that. */
export function RunnerGrants({ runner }: { runner: Runner }) {
  const rigs = useImages("town", "rig");
  const [isOpen, setOpen] = useState(false);
  const limits = limitsOf(runner, rigs);
  return (
    <div className="basis-full text-xs text-ink-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        {runner.labels.length > 0 && <span className="mono">{runner.labels.join(", ")}</span>}
        {limits.map((limit) => (
          <span key={limit}>{limit}</span>
        ))}
        {!isOpen && runner.revokedAt === null && (
          <Button
            size="small"
            look="quiet"
            className="ml-auto"
            aria-label={`Rights and labels of ${runner.name}`}
            onClick={() => setOpen(true)}
          >
            Rights and labels
          </Button>
        )}
      </div>
      {isOpen && <GrantsForm runner={runner} onDone={() => setOpen(false)} />}
    </div>
  );
}

function GrantsForm({ runner, onDone }: { runner: Runner; onDone: () => void }) {
  const [rights, setRights] = useState<readonly RunnerRight[]>(runner.rights);
  const [labels, setLabels] = useState(runner.labels.join(", "));
  const giving = useCommand("runner.rights");
  const labelling = useCommand("runner.label");
  const submit = async () => {
    const given = await giving.run({ runner: runner.id, rights: [...rights] });
    if (!given.ok) return;
    const wanted = labels.split(/[\s,]+/).filter((label) => label !== "");
    const labelled = await labelling.run({ runner: runner.id, labels: wanted });
    if (labelled.ok) onDone();
  };
  const refused = [giving.state, labelling.state].find((state) => state.phase === "refused");
  return (
    <form
      className="mt-2 space-y-3 text-sm text-ink"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <RightFields rights={rights} onChange={setRights} />
      <TextField
        mono
        label={`Labels of ${runner.name}`}
        help="Rigs choose by them. What it does goes on; agents that have the key leave when it is taken, with their work saved."
        placeholder="gpu, linux/arm64"
        value={labels}
        onChange={(event) => setLabels(event.target.value)}
      />
      {refused?.phase === "refused" && <Refusal error={refused.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button
          look="main"
          type="submit"
          sent={giving.state.phase === "sent" || labelling.state.phase === "sent"}
        >
          Save
        </Button>
      </div>
    </form>
  );
}
