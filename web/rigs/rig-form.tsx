/** Settings of a rig as form fields: where work goes, and what must be green before it does. */
import { Plus, X } from "lucide-react";
import type { Delivery, Gate, LfsPolicy, SavedPlace } from "../../protocol/index.ts";
import { GATES_MAX } from "../../protocol/index.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { CheckField, SelectField, TextArea, TextField } from "../ui/field.tsx";
import { deliveryWords } from "../words/states.ts";

export interface RigDraft {
  target: string;
  delivery: Delivery;
  codeReview: boolean;
  savedWork: SavedPlace;
  gates: Gate[];
  setup: string;
  egress: "none" | "list" | "open";
  /** Of `list`, one a line. */
  destinations: string;
  lfs: LfsPolicy;
  slots: number;
  /** With commas or spaces between. */
  labels: string;
  directMergeConfirmed: boolean;
}

/** Ten minutes: the protocol's own default. */
const GATE_TIMEOUT_MS = 600_000;

const egressModes = ["none", "list", "open"] as const;
const egressTitles = { none: "none", list: "named places", open: "the internet" } as const;

export const emptyDraft: RigDraft = {
  target: "",
  delivery: "branch",
  codeReview: true,
  savedWork: "remote",
  gates: [{ name: "test", command: "", timeoutMs: GATE_TIMEOUT_MS }],
  setup: "",
  egress: "none",
  destinations: "",
  lfs: "pointers",
  slots: 2,
  labels: "",
  directMergeConfirmed: false,
};

interface DraftProps {
  draft: RigDraft;
  onChange: (draft: RigDraft) => void;
}

/** What a draft sends: gates without a command are not meant. */
export function settingsOf(draft: RigDraft) {
  const { target, setup, gates, egress, destinations, labels, ...rest } = draft;
  return {
    ...rest,
    labels: linesOf(labels),
    egress: egress === "list" ? linesOf(destinations) : egress,
    setup: setup.trim() === "" ? null : setup.trim(),
    gates: gates.filter((gate) => gate.command.trim() !== ""),
    ...(target.trim() === "" ? {} : { target: target.trim() }),
  };
}

function linesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((line) => line !== "");
}

export function RigFields({ draft, onChange }: DraftProps) {
  const hasGates = draft.gates.some((gate) => gate.command.trim() !== "");
  return (
    <div className="space-y-5">
      <DeliveryChoice draft={draft} onChange={onChange} />
      {draft.delivery === "merge" && !hasGates && (
        <CheckField
          label="Merge without any gate"
          help="Nothing checks the work but the reviewer. Without this, a rig with no gates merges nothing."
          checked={draft.directMergeConfirmed}
          onChange={(event) => onChange({ ...draft, directMergeConfirmed: event.target.checked })}
        />
      )}
      <GateFields draft={draft} onChange={onChange} />
      <TextField
        mono
        label="Setup command"
        help="Runs in every fresh copy before the agent starts, in the same sandbox. Leave empty for none."
        value={draft.setup}
        placeholder="npm ci"
        onChange={(event) => onChange({ ...draft, setup: event.target.value })}
      />
      <EgressFields draft={draft} onChange={onChange} />
      <WorkChoices draft={draft} onChange={onChange} />
      <div className="grid grid-cols-2 gap-3">
        <TextField
          mono
          label="Target branch"
          help="Empty: the repository's own."
          placeholder="main"
          value={draft.target}
          onChange={(event) => onChange({ ...draft, target: event.target.value })}
        />
        <TextField
          label="Agents at once"
          type="number"
          min={1}
          max={64}
          value={draft.slots}
          onChange={(event) =>
            onChange({ ...draft, slots: Math.max(1, Number(event.target.value) || 1) })
          }
        />
      </div>
      <TextField
        mono
        label="Labels of its runners"
        help="Only runners with all of these work on it, its agents, gates and landings. Empty: any."
        placeholder="gpu, linux/arm64"
        value={draft.labels}
        onChange={(event) => onChange({ ...draft, labels: event.target.value })}
      />
    </div>
  );
}

function WorkChoices({ draft, onChange }: DraftProps) {
  return (
    <>
      <CheckField
        label="Review by a refinery"
        help="A second agent reads each change before it lands. Without it the gates alone decide."
        checked={draft.codeReview}
        onChange={(event) => onChange({ ...draft, codeReview: event.target.checked })}
      />
      <CheckField
        label="Copy unfinished work to the repository"
        help="After each turn, under refs/gastown/wip/, which is no branch; deleted some days after the bead has closed. Without it, unfinished work is lost with its runner's disk."
        checked={draft.savedWork === "remote"}
        onChange={(event) =>
          onChange({ ...draft, savedWork: event.target.checked ? "remote" : "runner" })
        }
      />
      <CheckField
        label="Fetch what Git LFS keeps"
        help="Copies of the repository hold those files' contents; runners need git-lfs. Without it they are pointers of a few lines."
        checked={draft.lfs === "fetched"}
        onChange={(event) =>
          onChange({ ...draft, lfs: event.target.checked ? "fetched" : "pointers" })
        }
      />
    </>
  );
}

function EgressFields({ draft, onChange }: DraftProps) {
  return (
    <>
      <SelectField
        label="Network of agents and gates"
        help="Their model and the town's tools are always there. The setup command has the host's network."
        value={draft.egress}
        onChange={(event) =>
          onChange({
            ...draft,
            egress: egressModes.find((m) => m === event.target.value) ?? "none",
          })
        }
      >
        {egressModes.map((mode) => (
          <option key={mode} value={mode}>
            {egressTitles[mode]}
          </option>
        ))}
      </SelectField>
      {draft.egress === "list" && (
        <TextArea
          mono
          label="Places they may reach"
          help="One host:port a line. Private addresses only where a line names the address itself."
          placeholder="registry.npmjs.org:443"
          value={draft.destinations}
          onChange={(event) => onChange({ ...draft, destinations: event.target.value })}
        />
      )}
    </>
  );
}

function DeliveryChoice({ draft, onChange }: DraftProps) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">What happens with finished work</legend>
      <div className="grid gap-2 sm:grid-cols-3">
        {(Object.keys(deliveryWords) as Delivery[]).map((delivery) => (
          <label
            key={delivery}
            className="flex cursor-pointer items-start gap-2.5 rounded-md border border-line-strong bg-canvas p-2.5 hover:bg-raised has-checked:border-focus has-checked:bg-lamp-soft"
          >
            <input
              type="radio"
              name="delivery"
              value={delivery}
              checked={draft.delivery === delivery}
              onChange={() => onChange({ ...draft, delivery })}
              className="mt-0.5 accent-lamp"
            />
            <span>
              <span className="block text-sm font-medium">{delivery}</span>
              <span className="block text-xs text-ink-3">{deliveryWords[delivery]}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function GateFields({ draft, onChange }: DraftProps) {
  const change = (index: number, gate: Partial<Gate>) =>
    onChange({
      ...draft,
      gates: draft.gates.map((old, place) => (place === index ? { ...old, ...gate } : old)),
    });
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">Gates</legend>
      <p className="mb-2 text-xs text-ink-3">
        Commands that must end with 0 before anything is reviewed or merged. They also run once now,
        so that a red start is known.
      </p>
      <ul className="space-y-2">
        {draft.gates.map((gate, index) => (
          <li key={index} className="grid grid-cols-[112px_minmax(0,1fr)_auto] items-end gap-2">
            <TextField
              label={`Gate ${index + 1}`}
              value={gate.name}
              required
              onChange={(event) => change(index, { name: event.target.value })}
            />
            <TextField
              mono
              label="Command"
              placeholder="npm test"
              value={gate.command}
              onChange={(event) => change(index, { command: event.target.value })}
            />
            <IconButton
              label={`Remove gate ${gate.name}`}
              className="mb-0.5"
              onClick={() =>
                onChange({ ...draft, gates: draft.gates.filter((_, place) => place !== index) })
              }
            >
              <X size={14} strokeWidth={1.5} aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
      {draft.gates.length < GATES_MAX && (
        <Button
          size="small"
          look="quiet"
          className="mt-2"
          onClick={() =>
            onChange({
              ...draft,
              gates: [
                ...draft.gates,
                { name: `gate ${draft.gates.length + 1}`, command: "", timeoutMs: GATE_TIMEOUT_MS },
              ],
            })
          }
        >
          <Plus size={14} strokeWidth={1.75} aria-hidden /> Add a gate
        </Button>
      )}
    </fieldset>
  );
}
