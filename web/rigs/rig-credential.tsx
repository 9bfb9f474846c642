/** With what a rig's repository is reached: given, tried, taken away, never shown. */
import { useState } from "react";
import { toast } from "sonner";
import type { Rig } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/card.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { TextField } from "../ui/field.tsx";

export function RigCredential({ rig }: { rig: Rig }) {
  const [isLeaving, setLeaving] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const remove = useCommand("credential.remove");
  const test = useCommand("credential.test");
  const check = async () => {
    const answer = await test.run({ rig: rig.id });
    if (answer.ok) toast("It may read and write the repository");
  };
  if (!/^https?:/i.test(rig.remote)) return null;
  return (
    <Section title="Access to the repository">
      <div className="space-y-2 p-3">
        {rig.credential === null ? (
          <p className="text-sm text-ink-3">
            No credential: git goes with what each runner's host has.
          </p>
        ) : (
          <div className="flex flex-wrap items-center gap-2 text-sm">
            <span>
              <code>{rig.credential.username}</code>{" "}
              <span className="text-ink-3">
                {rig.credential.tail === ""
                  ? "with a token"
                  : `with a token that ends with ${rig.credential.tail}`}
              </span>
            </span>
            <Button
              size="small"
              look="quiet"
              sent={test.state.phase === "sent"}
              onClick={() => void check()}
            >
              Check
            </Button>
            <Button size="small" look="quiet" onClick={() => setLeaving(true)}>
              Remove
            </Button>
          </div>
        )}
        {test.state.phase === "refused" && <Refusal error={test.state.error} />}
        {isEditing ? (
          <NewCredential rig={rig} onDone={() => setEditing(false)} />
        ) : (
          <Button size="small" onClick={() => setEditing(true)}>
            {rig.credential === null ? "Give a token" : "Replace"}
          </Button>
        )}
      </div>
      {isLeaving && (
        <Confirm
          title="Remove the credential?"
          action="Remove"
          look="danger"
          onConfirm={() => remove.run({ rig: rig.id })}
          onClose={() => setLeaving(false)}
        >
          <p>
            It is forgotten. The next operation of git goes with what the runner's host has, and the
            baseline runs again.
          </p>
        </Confirm>
      )}
    </Section>
  );
}

function NewCredential({ rig, onDone }: { rig: Rig; onDone: () => void }) {
  const [username, setUsername] = useState(rig.credential?.username ?? "git");
  const [password, setPassword] = useState("");
  const test = useCommand("credential.test");
  const put = useCommand("credential.set");
  const submit = async () => {
    const given = { rig: rig.id, username: username.trim(), password: password.trim() };
    const tried = await test.run(given);
    if (!tried.ok) return;
    const answer = await put.run(given);
    if (!answer.ok) return;
    toast("The rig has its credential");
    onDone();
  };
  const isSent = test.state.phase === "sent" || put.state.phase === "sent";
  return (
    <form
      className="max-w-[640px] space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p className="text-xs text-ink-3">
        A token that may read and write this repository and nothing else. It is tried first, sealed
        on disk, and given to the runner's git for one operation at a time; no agent sees it.
      </p>
      <div className="flex flex-wrap items-end gap-2">
        <TextField
          mono
          label="User name"
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
          fieldClass="min-w-44 flex-1"
        />
        <TextField
          mono
          label="Token"
          type="password"
          autoComplete="off"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          fieldClass="min-w-44 flex-1"
        />
        <Button type="submit" look="main" sent={isSent}>
          Try and keep
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
      {test.state.phase === "refused" && <Refusal error={test.state.error} />}
      {put.state.phase === "refused" && <Refusal error={put.state.error} />}
    </form>
  );
}
