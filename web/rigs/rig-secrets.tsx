/** A rig's secrets: named, set, taken away, never shown. */
import { useState } from "react";
import { toast } from "sonner";
import type { Rig } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { CheckField, TextField } from "../ui/field.tsx";

export function RigSecrets({ rig }: { rig: Rig }) {
  const [leaving, setLeaving] = useState<string | null>(null);
  const take = useCommand("rig.secret");
  return (
    <div>
      <h3 className="mb-1 text-sm font-medium">Secrets</h3>
      <p className="mb-2 text-xs text-ink-3">
        Variables of the setup and the teardown, sealed on disk and cut out of logs. No agent is
        given them; what setup writes into the tree, an agent can read.
      </p>
      <ul className="mb-3 space-y-1">
        {rig.environment.secrets.map(({ name, tail, gates }) => (
          <li key={name} className="flex items-center gap-2 text-sm">
            <code>{name}</code>
            <span className="text-ink-3">
              {tail === "" ? "set" : `ends with ${tail}`}
              {gates && ", for gates too"}
            </span>
            <Button size="small" look="quiet" onClick={() => setLeaving(name)}>
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <NewSecret rig={rig} />
      {leaving !== null && (
        <Confirm
          title={`Remove ${leaving}?`}
          action="Remove"
          look="danger"
          onConfirm={() => take.run({ rig: rig.id, name: leaving, value: null })}
          onClose={() => setLeaving(null)}
        >
          <p>It is forgotten, and the baseline runs again without it.</p>
        </Confirm>
      )}
    </div>
  );
}

function NewSecret({ rig }: { rig: Rig }) {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [gates, setGates] = useState(false);
  const put = useCommand("rig.secret");
  const submit = async () => {
    const answer = await put.run({ rig: rig.id, name: name.trim(), value, gates });
    if (!answer.ok) return;
    toast(`${name.trim()} is set`);
    setName("");
    setValue("");
    setGates(false);
  };
  return (
    <form
      className="max-w-[640px] space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className="flex items-end gap-2">
        <TextField
          mono
          label="Name"
          placeholder="NPM_TOKEN"
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
          fieldClass="flex-1"
        />
        <TextField
          mono
          label="Value"
          type="password"
          required
          value={value}
          onChange={(event) => setValue(event.target.value)}
          fieldClass="flex-1"
        />
        <Button type="submit" sent={put.state.phase === "sent"}>
          Set secret
        </Button>
      </div>
      <CheckField
        label="Gates are given it too"
        help="They run code that agents have written, without network."
        checked={gates}
        onChange={(event) => setGates(event.target.checked)}
      />
      {put.state.phase === "refused" && <Refusal error={put.state.error} />}
    </form>
  );
}
