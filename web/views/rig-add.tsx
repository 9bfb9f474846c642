/** Adds a repository; its baseline runs at once. */
import { useState } from "react";
import { useGo } from "../lib/page.tsx";
import { useCommand } from "../lib/town.tsx";
import { emptyDraft, RigFields, settingsOf } from "../rigs/rig-form.tsx";
import { useBareRunner } from "../shell/town-facts.tsx";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/card.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { TextField } from "../ui/field.tsx";

export function RigAddView() {
  const [remote, setRemote] = useState("");
  const [name, setName] = useState("");
  const [draft, setDraft] = useState(emptyDraft);
  const add = useCommand("rig.add");
  const go = useGo();
  const bare = useBareRunner();
  const submit = async () => {
    const answer = await add.run({
      remote,
      ...(name.trim() === "" ? {} : { name: name.trim() }),
      ...settingsOf(draft),
    });
    if (answer.ok) go(`/rigs/${answer.value.id}`);
  };
  return (
    <Page title="Add a rig" size="narrow">
      <form
        className="space-y-5 rounded-lg border border-line bg-panel p-5 max-sm:p-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="grid grid-cols-[minmax(0,1fr)_180px] gap-3 max-sm:grid-cols-1">
          <TextField
            mono
            autoFocus
            required
            label="Repository"
            help="A URL, or a path on the town's host."
            placeholder="https://example.org/shop.git"
            value={remote}
            onChange={(event) => setRemote(event.target.value)}
          />
          <TextField
            label="Name"
            help="Empty: the repository's."
            placeholder="shop"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <RigFields draft={draft} onChange={setDraft} />
        {bare && (
          <p className="rounded-md border border-line bg-lamp-soft px-3 py-2 text-sm">
            Runner {bare.name} has no sandbox. The rig's page asks for your word before anything of
            it runs.
          </p>
        )}
        {add.state.phase === "refused" && <Refusal error={add.state.error} />}
        <div className="flex justify-end gap-2 border-t border-line pt-4">
          <Button
            look="main"
            type="submit"
            sent={add.state.phase === "sent"}
            disabled={remote.trim() === ""}
          >
            Add and check
          </Button>
        </div>
      </form>
    </Page>
  );
}
