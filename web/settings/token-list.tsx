/** Tokens with which runners join: made, shown once, taken back. */
import { useState } from "react";
import type { CommandValue, RunnerRight } from "../../protocol/index.ts";
import { useAnswered } from "../lib/answered.ts";
import { useCommand, useConnection } from "../lib/town.tsx";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/card.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { Refusal, SkeletonRows } from "../ui/feedback.tsx";
import { TextField } from "../ui/field.tsx";
import { RightFields } from "./runner-grants.tsx";

type Token = CommandValue<"token.list">[number];

export function TokenList() {
  const { value: all, error, again } = useAnswered("token.list", {});
  const tokens = all?.filter((token) => token.role === "runner" && token.revokedAt === null);
  return (
    <Section title="Runner tokens" count={tokens?.length || undefined}>
      <NewToken onMade={again} />
      {error && <Refusal error={error} className="m-4" />}
      {tokens === undefined && !error && <SkeletonRows rows={2} />}
      {tokens && tokens.length > 0 && (
        <ul className="divide-y divide-line border-t border-line">
          {tokens.map((token) => (
            <TokenRow key={token.id} token={token} onRevoked={again} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function NewToken({ onMade }: { onMade: () => Promise<void> }) {
  const [name, setName] = useState("");
  const [rights, setRights] = useState<readonly RunnerRight[]>([]);
  const [made, setMade] = useState<CommandValue<"token.create"> | null>(null);
  const create = useCommand("token.create");
  const submit = async () => {
    const answer = await create.run({
      role: "runner",
      rights: [...rights],
      ...(name.trim() === "" ? {} : { name: name.trim() }),
    });
    if (!answer.ok) return;
    setMade(answer.value);
    setName("");
    await onMade();
  };
  const line = made ? `gastown runner --town ${location.origin} --token ${made.token}` : "";
  return (
    <div className="p-4">
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <TextField
          label="Token for another host"
          placeholder="build-host"
          value={name}
          onChange={(event) => setName(event.target.value)}
          fieldClass="max-w-72"
        />
        <RightFields rights={rights} onChange={setRights} />
        <Button type="submit" sent={create.state.phase === "sent"}>
          Create token
        </Button>
      </form>
      {create.state.phase === "refused" && <Refusal error={create.state.error} className="mt-3" />}
      {made && (
        <div
          role="status"
          className="mt-3 rounded-md border border-line bg-lamp-soft px-3 py-2 text-sm"
        >
          <p>
            Run this on the host that shall join. The token is shown only now, and lets in one
            runner, once.
          </p>
          <CopyButton
            text={line}
            label="Copy the command"
            shown={line}
            className="-ml-1 mt-1 text-ink"
          />
        </div>
      )}
    </div>
  );
}

function TokenRow({ token, onRevoked }: { token: Token; onRevoked: () => Promise<void> }) {
  const connection = useConnection();
  const [asking, setAsking] = useState(false);
  return (
    <li className="flex h-10 items-center gap-3 px-4 text-sm">
      <span className="truncate">{token.name}</span>
      <span className="text-xs text-ink-3">
        {token.joinedAt === null ? (
          <>
            made <Age at={token.createdAt} form="ago" />, waits for its runner
          </>
        ) : (
          <>
            joined <Age at={token.joinedAt} form="ago" />
          </>
        )}
      </span>
      <Button
        size="small"
        look="danger"
        className="ml-auto"
        aria-label={`Revoke token ${token.name}`}
        onClick={() => setAsking(true)}
      >
        Revoke
      </Button>
      {asking && (
        <Confirm
          title={`Revoke ${token.name}?`}
          action="Revoke the token"
          look="danger"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            const answer = await connection.call("token.revoke", { id: token.id });
            if (answer.ok) await onRevoked();
            return answer;
          }}
        >
          <p>
            Its runner is disconnected at once and cannot join again with it. Its beads go on
            elsewhere, from what the rig's repository has of them: set the runner away first where
            you want all of its work. It may know the model's key.
          </p>
        </Confirm>
      )}
    </li>
  );
}
