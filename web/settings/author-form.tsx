/** Whose name commits carry as their author. */
import { useState } from "react";
import { toast } from "sonner";
import type { AuthorChoice } from "../../protocol/index.ts";
import { useAnswered } from "../lib/answered.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/card.tsx";
import { Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { TextField } from "../ui/field.tsx";

const SOURCES: Readonly<Record<AuthorChoice["from"], string>> = {
  rig: "Set for this rig.",
  town: "Set for the town; a rig may have its own.",
  host: "From the git of whoever started the town.",
  default: "Nobody is named yet. Agents are committers; the author should be a person.",
};

export function AuthorForm() {
  const { value: choice, error, again } = useAnswered("author.get", {});
  return (
    <Section title="Author of commits">
      {error && <Refusal error={error} className="m-4" />}
      {choice === null && !error && <SkeletonRows rows={1} />}
      {choice && (
        <Fields
          key={`${choice.from} ${choice.name} ${choice.email}`}
          choice={choice}
          onChanged={again}
        />
      )}
    </Section>
  );
}

function Fields({ choice, onChanged }: { choice: AuthorChoice; onChanged: () => Promise<void> }) {
  const [name, setName] = useState(choice.name);
  const [email, setEmail] = useState(choice.email);
  const set = useCommand("author.set");
  const change = async (author: { name: string; email: string } | null) => {
    const answer = await set.run({ author });
    if (!answer.ok) return;
    toast("The commits to come carry this author");
    await onChanged();
  };
  const isSame = name.trim() === choice.name && email.trim() === choice.email;
  return (
    <form
      className="space-y-3 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        void change({ name: name.trim(), email: email.trim() });
      }}
    >
      <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
        <TextField label="Name" value={name} onChange={(event) => setName(event.target.value)} />
        <TextField
          label="Email"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
      </div>
      {set.state.phase === "refused" && <Refusal error={set.state.error} />}
      <div className="flex flex-wrap items-center gap-2">
        <p className="mr-auto text-xs text-ink-3">{SOURCES[choice.from]}</p>
        {choice.from === "town" && (
          <Button look="quiet" onClick={() => void change(null)}>
            Use the host’s
          </Button>
        )}
        <Button type="submit" sent={set.state.phase === "sent"} disabled={isSame}>
          Save
        </Button>
      </div>
    </form>
  );
}
