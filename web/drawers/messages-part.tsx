/** Words to whoever works on a bead, and what became of them. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { toast } from "sonner";
import type { Issue, Mail, MailMode } from "../../protocol/index.ts";
import { Part } from "./sections.tsx";
import { useCommand, useConnectionState } from "../lib/town.tsx";
import { soundsLikeTheMayors } from "../model/for-the-mayor.ts";
import { Age } from "../ui/age.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { TextArea } from "../ui/field.tsx";

const STATES: Readonly<Record<Mail["state"], string>> = {
  queued: "waits for a run",
  delivered: "is with its run, not read yet",
  seen: "read",
  expired: "nobody read it in time",
};

export function MessagesPart({ issue, mails }: { issue: Issue; mails: readonly Mail[] }) {
  const isOver = issue.status === "closed" || issue.status === "failed";
  if (isOver && mails.length === 0) return null;
  const newestFirst = mails.toSorted((a, b) => b.createdAt - a.createdAt);
  return (
    <Part title="Messages" count={mails.length || undefined}>
      {!isOver && <Composer issue={issue} />}
      {newestFirst.length > 0 && (
        <ul className="mt-3 space-y-2 text-sm">
          {newestFirst.map((mail) => (
            <li key={mail.id} className="[overflow-wrap:anywhere]">
              <p className="whitespace-pre-wrap">{mail.body}</p>
              <p className="text-xs text-ink-3">
                from {mail.from} <Age at={mail.createdAt} form="ago" />, {STATES[mail.state]}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}

function Composer({ issue }: { issue: Issue }) {
  const [text, setText] = useState("");
  const mail = useCommand("mail.send");
  const say = useCommand("mayor.say");
  const offline = useConnectionState().phase !== "online";
  const words = text.trim();
  const isSent = mail.state.phase === "sent" || say.state.phase === "sent";
  const cannot = words === "" || offline || isSent;
  const send = async (mode: MailMode) => {
    if (cannot) return;
    const answer = await mail.run({ to: issue.id, text: words, mode });
    if (answer.ok) setText("");
  };
  const sendToMayor = async () => {
    if (cannot) return;
    const answer = await say.run({ text: words });
    if (!answer.ok) return;
    setText("");
    toast("The Mayor has it");
  };
  return (
    <form
      className="space-y-2"
      onSubmit={(event) => {
        event.preventDefault();
        void send("wait_idle");
      }}
    >
      <TextArea
        label="To whoever works on it"
        rows={2}
        maxLength={8_000}
        value={text}
        onChange={(event) => setText(event.target.value)}
        help={
          issue.runId === null
            ? "No run is up: the next one reads it first."
            : "Read when the agent's turn is over, or at once with an interruption."
        }
      />
      {soundsLikeTheMayors(words) && <ForTheMayor disabled={cannot} onSend={sendToMayor} />}
      {mail.state.phase === "refused" && <Refusal error={mail.state.error} />}
      {say.state.phase === "refused" && <Refusal error={say.state.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        {issue.runId !== null && (
          <Button size="small" disabled={cannot} onClick={() => void send("immediate")}>
            Interrupt and send
          </Button>
        )}
        <Button size="small" type="submit" sent={isSent} disabled={cannot}>
          Send
        </Button>
      </div>
    </form>
  );
}

/** An agent knows its bead alone: words about the town would be lost on it. */
function ForTheMayor({ disabled, onSend }: { disabled: boolean; onSend: () => Promise<void> }) {
  return (
    <p
      role="status"
      className="flex flex-wrap items-center gap-2 rounded-md border border-line bg-lamp-soft px-3 py-2 text-sm"
    >
      <span className="min-w-48 flex-1">
        This sounds like something for the{" "}
        <Link to="/mayor" search={{}} className="underline decoration-lamp underline-offset-3">
          Mayor
        </Link>
        , who knows the town. This agent knows its bead alone.
      </span>
      <Button size="small" disabled={disabled} onClick={() => void onSend()}>
        Send to the Mayor
      </Button>
    </p>
  );
}
