/** Which model thinks for the town. The key goes in and never comes out. */
import { CircleCheck } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import type { CommandValue, ModelSettings } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { SelectField, TextField } from "../ui/field.tsx";
import { duration } from "../words/age.ts";
import { ModelPrices } from "./model-prices.tsx";
import { clearsKey, draftOf, inputOf, KILO_URL, type ModelDraft } from "./model-draft.ts";

/** A slow model may take its time for its first word. */
const TEST_ANSWER_MS = 90_000;

export function ModelForm({ settings }: { settings: ModelSettings | null }) {
  const [draft, setDraft] = useState(() => draftOf(settings));
  const [tested, setTested] = useState<CommandValue<"model.test"> | null>(null);
  const save = useCommand("model.set");
  const test = useCommand("model.test", TEST_ANSWER_MS);
  const change = (part: Partial<ModelDraft>) => {
    setDraft({ ...draft, ...part });
    setTested(null);
    test.clear();
  };
  const runTest = async () => {
    setTested(null);
    const answer = await test.run(inputOf(draft));
    if (answer.ok) setTested(answer.value);
  };
  const submit = async () => {
    const answer = await save.run(inputOf(draft));
    if (!answer.ok) return;
    change({ key: "" });
    toast("Model saved");
  };
  const incomplete = draft.model.trim() === "" || draft.baseUrl.trim() === "";
  return (
    <form
      className="space-y-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {settings?.provider === "scripted" && (
        <p className="rounded-md border border-line bg-lamp-soft px-3 py-2 text-sm">
          This town runs on a <strong>scripted model</strong>: answers come from a script. Choose a
          real one below to replace it.
        </p>
      )}
      <Provider draft={draft} settings={settings} onChange={change} />
      <Models draft={draft} onChange={change} />
      <ModelPrices draft={draft} onChange={(prices) => change({ prices })} />
      {tested && <Answered tested={tested} />}
      {test.state.phase === "refused" && <Refusal error={test.state.error} />}
      {save.state.phase === "refused" && <Refusal error={save.state.error} />}
      <div className="flex justify-end gap-2 border-t border-line pt-4">
        <Button
          sent={test.state.phase === "sent"}
          disabled={incomplete}
          onClick={() => void runTest()}
        >
          Test
        </Button>
        <Button look="main" type="submit" sent={save.state.phase === "sent"} disabled={incomplete}>
          Save
        </Button>
      </div>
    </form>
  );
}

function Answered({ tested }: { tested: CommandValue<"model.test"> }) {
  return (
    <p
      role="status"
      className="flex items-start gap-2 rounded-md border border-line bg-raised px-3 py-2 text-sm"
    >
      <CircleCheck
        size={16}
        strokeWidth={1.5}
        aria-hidden
        className="mt-px shrink-0 text-s-landed"
      />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        <span className="mono">{tested.model}</span> answered “{tested.answer}” in{" "}
        {duration(tested.durationMs)}.
      </span>
    </p>
  );
}

interface PartProps {
  draft: ModelDraft;
  onChange: (part: Partial<ModelDraft>) => void;
}

function keyHelp(draft: ModelDraft, settings: ModelSettings | null): string {
  if (clearsKey(draft, settings))
    return "Another address: the stored key is not sent there. Enter the key for it.";
  if (!settings?.key.set) return "Stored encrypted; it is never shown again.";
  if (!settings.key.readable) return "A key is stored but cannot be read any more. Enter it again.";
  return `A key that ends with ${settings.key.tail ?? "…"} is stored. Leave empty to keep it.`;
}

function Provider({ draft, settings, onChange }: PartProps & { settings: ModelSettings | null }) {
  return (
    <>
      <div className="grid grid-cols-[200px_minmax(0,1fr)] gap-3 max-sm:grid-cols-1">
        <SelectField
          label="Provider"
          value={draft.provider}
          onChange={(event) => {
            const provider = event.target.value === "kilo" ? "kilo" : "openai-compatible";
            onChange({ provider, baseUrl: provider === "kilo" ? KILO_URL : "" });
          }}
        >
          <option value="kilo">Kilo gateway</option>
          <option value="openai-compatible">OpenAI-compatible</option>
        </SelectField>
        <TextField
          mono
          required
          type="url"
          label="Address"
          placeholder="https://…/v1"
          value={draft.baseUrl}
          onChange={(event) => onChange({ baseUrl: event.target.value })}
        />
      </div>
      <TextField
        mono
        type="password"
        autoComplete="new-password"
        label="Key"
        help={keyHelp(draft, settings)}
        placeholder={
          settings?.key.set && !clearsKey(draft, settings) ? `•••• ${settings.key.tail ?? ""}` : ""
        }
        value={draft.key}
        onChange={(event) => onChange({ key: event.target.value })}
      />
    </>
  );
}

function Models({ draft, onChange }: PartProps) {
  const { fallbackModel, mayor, polecat, refinery, triage } = draft;
  const others = [fallbackModel, mayor, polecat, refinery, triage];
  return (
    <>
      <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
        <TextField
          mono
          required
          label="Model"
          placeholder="provider/model"
          value={draft.model}
          onChange={(event) => onChange({ model: event.target.value })}
        />
        <TextField
          mono
          label="Small model"
          help="For titles and short sums. Empty: the same."
          value={draft.smallModel}
          onChange={(event) => onChange({ smallModel: event.target.value })}
        />
      </div>
      <Disclosure
        summary="Another model per role, or when a quota is used up"
        open={others.some((model) => model !== "")}
      >
        <div className="mt-3 grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          <TextField
            mono
            label="Fallback"
            help="Does the agents' work while their quota is used up."
            placeholder="none"
            fieldClass="col-span-full"
            value={draft.fallbackModel}
            onChange={(event) => onChange({ fallbackModel: event.target.value })}
          />
          {(["mayor", "polecat", "refinery", "triage"] as const).map((role) => (
            <TextField
              key={role}
              mono
              label={role.charAt(0).toUpperCase() + role.slice(1)}
              placeholder="as above"
              value={draft[role]}
              onChange={(event) => onChange({ [role]: event.target.value })}
            />
          ))}
        </div>
      </Disclosure>
    </>
  );
}
