/** What a rig gives its runs beside the repository: shown as facts and changed in place. */
import { useState } from "react";
import { toast } from "sonner";
import { PORTS_MAX, type Rig } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Fact, Facts, Section } from "../ui/card.tsx";
import { Problem, Refusal } from "../ui/feedback.tsx";
import { TextArea, TextField } from "../ui/field.tsx";
import { draftOfEnvironment, environmentSet, type EnvironmentDraft } from "./environment-draft.ts";
import { RigSecrets } from "./rig-secrets.tsx";

export function RigEnvironmentPart({ rig }: { rig: Rig }) {
  const [draft, setDraft] = useState<EnvironmentDraft | null>(null);
  return (
    <Section
      title="Environment"
      action={
        draft === null && (
          <Button size="small" onClick={() => setDraft(draftOfEnvironment(rig.environment))}>
            Change
          </Button>
        )
      }
    >
      <div className="space-y-5 p-3">
        {draft === null ? (
          <Shown rig={rig} />
        ) : (
          <Editing rig={rig} draft={draft} onChange={setDraft} onDone={() => setDraft(null)} />
        )}
        <RigSecrets rig={rig} />
      </div>
    </Section>
  );
}

const none = <span className="text-ink-3">none</span>;

function Shown({ rig }: { rig: Rig }) {
  const { variables, copies, ports, teardown, instructions, toolServers } = rig.environment;
  const named = Object.entries(variables);
  return (
    <Facts>
      <Fact name="Variables">
        {named.length === 0 ? none : <Lines lines={named.map((pair) => pair.join("="))} />}
      </Fact>
      <Fact name="Copied files">
        {copies.length === 0 ? (
          none
        ) : (
          <Lines lines={copies.map(({ from, to }) => `${to}, from ${from}`)} />
        )}
      </Fact>
      <Fact name="Ports of each run">
        {ports === 0 ? none : <span className="num">{ports}</span>}
      </Fact>
      <Fact name="Teardown">{teardown === null ? none : <code>{teardown}</code>}</Fact>
      {(["polecat", "refinery"] as const).map((role) => (
        <Fact key={role} name={role === "polecat" ? "Told to polecats" : "Told to refineries"}>
          {instructions[role] === null ? (
            none
          ) : (
            <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{instructions[role]}</p>
          )}
        </Fact>
      ))}
      {(["polecat", "refinery"] as const).map((role) => {
        const lines = Object.entries(toolServers[role]).map((pair) => pair.join("="));
        return (
          <Fact
            key={role}
            name={`MCP servers of ${role === "polecat" ? "polecats" : "refineries"}`}
          >
            {lines.length === 0 ? none : <Lines lines={lines} />}
          </Fact>
        );
      })}
    </Facts>
  );
}

function Lines({ lines }: { lines: readonly string[] }) {
  return (
    <ul className="space-y-1">
      {lines.map((line) => (
        <li key={line} className="min-w-0">
          <code className="[overflow-wrap:anywhere]">{line}</code>
        </li>
      ))}
    </ul>
  );
}

interface EditingProps {
  rig: Rig;
  draft: EnvironmentDraft;
  onChange: (draft: EnvironmentDraft) => void;
  onDone: () => void;
}

function Editing({ rig, draft, onChange, onDone }: EditingProps) {
  const update = useCommand("rig.update");
  const [unreadable, setUnreadable] = useState<string | null>(null);
  const submit = async () => {
    const read = environmentSet(draft);
    setUnreadable("unreadable" in read ? read.unreadable : null);
    if ("unreadable" in read) return;
    const answer = await update.run({ rig: rig.id, version: rig.version, set: read.set });
    if (!answer.ok) return;
    toast("Environment saved");
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
      <EnvironmentFields draft={draft} onChange={onChange} />
      {unreadable !== null && (
        <Problem>
          This line has no equals sign: <code>{unreadable}</code>
        </Problem>
      )}
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

function EnvironmentFields({ draft, onChange }: Pick<EditingProps, "draft" | "onChange">) {
  return (
    <>
      <TextArea
        mono
        label="Variables"
        help="One NAME=value on each line, for setup, gates and agents. Everybody sees them: what is secret goes below."
        placeholder="NODE_ENV=test"
        value={draft.variables}
        onChange={(event) => onChange({ ...draft, variables: event.target.value })}
      />
      <TextArea
        mono
        label="Copied files"
        help="One file of the runner's host on each line, as /full/path=path/in/the/tree. Agents can read it; git ignores it."
        placeholder="/home/ada/project/.env=.env"
        value={draft.copies}
        onChange={(event) => onChange({ ...draft, copies: event.target.value })}
      />
      <div className="grid grid-cols-2 gap-3">
        <TextField
          mono
          label="Teardown command"
          help="Runs before a tree is removed."
          value={draft.teardown}
          placeholder="docker compose down"
          onChange={(event) => onChange({ ...draft, teardown: event.target.value })}
        />
        <TextField
          label="Ports of each run"
          help="As PORT and GASTOWN_PORT_1, _2, …"
          type="number"
          min={0}
          max={PORTS_MAX}
          value={draft.ports}
          onChange={(event) =>
            onChange({ ...draft, ports: Math.max(0, Number(event.target.value) || 0) })
          }
        />
      </div>
      <TextArea
        mono
        label="MCP servers of polecats"
        help="One name=command on each line: more tools, started beside each agent in its sandbox and its tree, with the variables."
        placeholder="docs=node tools/docs-server.js"
        value={draft.polecatServers}
        onChange={(event) => onChange({ ...draft, polecatServers: event.target.value })}
      />
      <TextArea
        mono
        label="MCP servers of refineries"
        help="What they run from the tree, the author of the change may have written."
        value={draft.refineryServers}
        onChange={(event) => onChange({ ...draft, refineryServers: event.target.value })}
      />
      <TextArea
        label="Told to every polecat"
        value={draft.polecat}
        onChange={(event) => onChange({ ...draft, polecat: event.target.value })}
      />
      <TextArea
        label="Told to every refinery"
        value={draft.refinery}
        onChange={(event) => onChange({ ...draft, refinery: event.target.value })}
      />
    </>
  );
}
