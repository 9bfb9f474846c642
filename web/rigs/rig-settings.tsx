/** A rig's settings, shown as facts and changed in place. */
import { useState } from "react";
import { toast } from "sonner";
import type { Rig } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Fact, Facts, Section } from "../ui/card.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { deliveryWords } from "../words/states.ts";
import { type RigDraft, RigFields, settingsOf } from "./rig-form.tsx";

function draftOf(rig: Rig): RigDraft {
  const { target, delivery, codeReview, savedWork, gates, slots, egress, lfs } = rig;
  const { directMergeConfirmed } = rig;
  const setup = rig.setup ?? "";
  return {
    ...{ target, delivery, codeReview, savedWork, gates, setup, slots, lfs, directMergeConfirmed },
    labels: rig.labels.join(", "),
    egress: typeof egress === "string" ? egress : "list",
    destinations: typeof egress === "string" ? "" : egress.join("\n"),
  };
}

export function RigSettings({ rig }: { rig: Rig }) {
  const [draft, setDraft] = useState<RigDraft | null>(null);
  return (
    <Section
      title="Settings"
      action={
        draft === null && (
          <Button size="small" onClick={() => setDraft(draftOf(rig))}>
            Change
          </Button>
        )
      }
    >
      <div className="p-3">
        {draft === null ? (
          <Shown rig={rig} />
        ) : (
          <Editing rig={rig} draft={draft} onChange={setDraft} onDone={() => setDraft(null)} />
        )}
      </div>
    </Section>
  );
}

function Shown({ rig }: { rig: Rig }) {
  return (
    <Facts>
      <Fact name="Delivery">
        {rig.delivery} <span className="text-ink-3">· {deliveryWords[rig.delivery]}</span>
      </Fact>
      <Fact name="Gates">
        {rig.gates.length === 0 ? (
          <span className="text-ink-3">none</span>
        ) : (
          <ul className="space-y-1">
            {rig.gates.map((gate) => (
              <li key={gate.name} className="flex gap-2">
                <span className="shrink-0">{gate.name}</span>{" "}
                <code className="min-w-0 truncate text-ink-3">{gate.command}</code>
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact name="Setup">
        {rig.setup ? <code>{rig.setup}</code> : <span className="text-ink-3">none</span>}
      </Fact>
      <Fact name="Network">
        {rig.egress === "none" ? (
          <span className="text-ink-3">none</span>
        ) : (
          <span className="mono break-words">
            {rig.egress === "open" ? "the internet" : rig.egress.join(", ")}
          </span>
        )}
      </Fact>
      <Fact name="Review">{rig.codeReview ? "by a refinery" : "gates only"}</Fact>
      <Fact name="Unfinished work">
        {rig.savedWork === "remote"
          ? "copied to the repository after each turn"
          : "on its runner's disk alone"}
      </Fact>
      <Fact name="Git LFS">
        {rig.lfs === "fetched" ? (
          "contents are fetched"
        ) : (
          <span className="text-ink-3">pointers</span>
        )}
      </Fact>
      <Fact name="Target">
        <code>{rig.target}</code>
      </Fact>
      <Fact name="Agents at once">
        <span className="num">{rig.slots}</span>
      </Fact>
      <Fact name="Runners">
        {rig.labels.length === 0 ? (
          <span className="text-ink-3">any</span>
        ) : (
          `with ${rig.labels.join(", ")}`
        )}
      </Fact>
    </Facts>
  );
}

interface EditingProps {
  rig: Rig;
  draft: RigDraft;
  onChange: (draft: RigDraft) => void;
  onDone: () => void;
}

function Editing({ rig, draft, onChange, onDone }: EditingProps) {
  const update = useCommand("rig.update");
  const submit = async () => {
    const answer = await update.run({ rig: rig.id, version: rig.version, set: settingsOf(draft) });
    if (!answer.ok) return;
    toast("Settings saved");
    onDone();
  };
  return (
    <form
      className="max-w-[640px] space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <RigFields draft={draft} onChange={onChange} />
      {update.state.phase === "refused" && <Refusal error={update.state.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button look="main" type="submit" sent={update.state.phase === "sent"}>
          Save
        </Button>
      </div>
    </form>
  );
}
