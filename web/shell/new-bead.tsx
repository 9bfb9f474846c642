/** Slings one piece of work at a rig by hand. */
import { useState } from "react";
import { toast } from "sonner";
import type { Delivery, Priority } from "../../protocol/index.ts";
import { TITLE_CHARS_MAX } from "../../protocol/index.ts";
import { drawerOf } from "../lib/drawers.ts";
import { useDrawers, useGo } from "../lib/page.tsx";
import { useCommand, useImages } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Empty, Refusal } from "../ui/feedback.tsx";
import { SelectField, TextArea, TextField } from "../ui/field.tsx";
import { Modal } from "../ui/modal.tsx";
import { deliveryWords } from "../words/states.ts";

export function NewBead({ onClose, rigId }: { onClose: () => void; rigId?: string }) {
  const rigs = useImages("town", "rig");
  const go = useGo();
  if (rigs.length === 0) {
    return (
      <Modal title="New bead" onClose={onClose}>
        <Empty
          title="A bead needs a rig"
          action={
            <Button
              look="main"
              onClick={() => {
                onClose();
                go("/rigs/new");
              }}
            >
              Add a rig
            </Button>
          }
        >
          A rig is a repository that agents may work on. Add one first.
        </Empty>
      </Modal>
    );
  }
  return <Form onClose={onClose} rigId={rigId} />;
}

interface Draft {
  rig: string;
  title: string;
  body: string;
  priority: Priority;
  /** Empty: as the rig says. */
  delivery: Delivery | "";
}

function Form({ onClose, rigId }: { onClose: () => void; rigId: string | undefined }) {
  const rigs = useImages("town", "rig");
  const drawers = useDrawers();
  const sling = useCommand("bead.sling");
  const [draft, setDraft] = useState<Draft>({
    rig: rigId ?? rigs[0]?.id ?? "",
    title: "",
    body: "",
    priority: "medium",
    delivery: "",
  });
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const submit = async () => {
    const { delivery, ...rest } = draft;
    const answer = await sling.run({ ...rest, ...(delivery === "" ? {} : { delivery }) });
    if (!answer.ok) return;
    const { id } = answer.value;
    onClose();
    toast("Slung", {
      description: answer.value.title,
      action: { label: "Open", onClick: () => openBead(id) },
    });
  };
  const openBead = (id: string) => {
    const ref = drawerOf(id);
    if (ref) drawers.open(ref, 0);
  };
  return (
    <Modal title="New bead" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="space-y-3 px-4 py-4">
          <TextField
            label="Title"
            data-autofocus
            required
            maxLength={TITLE_CHARS_MAX}
            value={draft.title}
            onChange={(event) => change({ title: event.target.value })}
            placeholder="Reject orders without an address"
          />
          <TextArea
            label="What to do"
            rows={5}
            value={draft.body}
            onChange={(event) => change({ body: event.target.value })}
            placeholder="What should be true afterwards, where to look, what to leave alone."
          />
          <Choices draft={draft} onChange={change} />
          {sling.state.phase === "refused" && <Refusal error={sling.state.error} />}
        </div>
        <div className="flex justify-end gap-2 border-t border-line px-4 py-3">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="main"
            type="submit"
            sent={sling.state.phase === "sent"}
            disabled={draft.title.trim() === ""}
          >
            Sling
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function Choices({ draft, onChange }: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  const rigs = useImages("town", "rig");
  const usual = rigs.find((known) => known.id === draft.rig)?.delivery;
  return (
    <div className="grid grid-cols-1 gap-3 sm:grid-cols-3">
      <SelectField
        label="Rig"
        value={draft.rig}
        onChange={(event) => onChange({ rig: event.target.value })}
      >
        {rigs.map((known) => (
          <option key={known.id} value={known.id}>
            {known.name}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Priority"
        value={draft.priority}
        onChange={(event) => onChange({ priority: event.target.value as Priority })}
      >
        {["low", "medium", "high", "critical"].map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </SelectField>
      <SelectField
        label="Delivery"
        value={draft.delivery}
        onChange={(event) => onChange({ delivery: event.target.value as Delivery | "" })}
      >
        <option value="">As the rig: {usual}</option>
        {(Object.keys(deliveryWords) as Delivery[]).map((word) => (
          <option key={word} value={word}>
            {word}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
