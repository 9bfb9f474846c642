/** What a person can do with a bead now; nothing else is offered. */
import { useState } from "react";
import { toast } from "sonner";
import type { CommandInput, Issue } from "../../protocol/index.ts";
import { useCommand, useConnection, useImage } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { SelectField, TextArea } from "../ui/field.tsx";
import { Decide } from "./decide.tsx";

export function BeadActions({ issue }: { issue: Issue }) {
  const reopen = useCommand("bead.reopen");
  const [asking, setAsking] = useState<"close" | "stop" | null>(null);
  const connection = useConnection();
  const review = useImage("review", issue.reviewId);
  const ended = issue.status === "closed" || issue.status === "failed";
  const canReopen =
    issue.status === "failed" || (issue.status === "closed" && issue.outcome !== "landed");
  const run = issue.runId;
  return (
    <div className="mt-3 space-y-3">
      <div className="flex flex-wrap gap-2">
        {canReopen && (
          <Button
            look="main"
            size="small"
            sent={reopen.state.phase === "sent"}
            onClick={() => void reopen.run({ bead: issue.id, version: issue.version })}
          >
            Start again
          </Button>
        )}
        {run && !ended && (
          <Button size="small" look="danger" onClick={() => setAsking("stop")}>
            Stop the run
          </Button>
        )}
        {issue.status !== "closed" && (
          <Button size="small" onClick={() => setAsking("close")}>
            Close…
          </Button>
        )}
      </div>
      {reopen.state.phase === "refused" && <Refusal error={reopen.state.error} />}
      {review?.state === "needs_person" && <Decide review={review} />}
      {asking === "close" && <CloseBead issue={issue} onClose={() => setAsking(null)} />}
      {asking === "stop" && run && (
        <Confirm
          title="Stop the run?"
          action="Stop and save"
          look="danger"
          onClose={() => setAsking(null)}
          onConfirm={async () => {
            const answer = await connection.call("run.stop", { run });
            if (answer.ok) toast("Stopping; its work is saved first");
            return answer;
          }}
        >
          <p>
            The agent is stopped and what it has written is saved to a ref of its own. It counts as
            no attempt; the bead waits and can be started again.
          </p>
        </Confirm>
      )}
    </div>
  );
}

type Outcome = CommandInput<"bead.close">["outcome"];

const outcomes: { outcome: Outcome; label: string }[] = [
  { outcome: "cancelled", label: "Cancelled: it is not wanted any more" },
  { outcome: "nothing_to_do", label: "Nothing to do: it is so already" },
  { outcome: "answered", label: "Answered: the answer was what was asked for" },
];

function CloseBead({ issue, onClose }: { issue: Issue; onClose: () => void }) {
  const connection = useConnection();
  const [outcome, setOutcome] = useState<Outcome>("cancelled");
  const [reason, setReason] = useState("");
  return (
    <Confirm
      title="Close this bead?"
      action="Close the bead"
      onClose={onClose}
      onConfirm={async () => {
        const answer = await connection.call("bead.close", {
          bead: issue.id,
          version: issue.version,
          outcome,
          reason: reason.trim(),
        });
        if (answer.ok) toast("Closed", { description: issue.title });
        return answer;
      }}
    >
      <p>
        Its work stays in the town's refs. Beads that wait for it to land go on waiting. You can
        start it again later.
      </p>
      <SelectField
        label="As"
        value={outcome}
        onChange={(event) => setOutcome(event.target.value as Outcome)}
      >
        {outcomes.map((choice) => (
          <option key={choice.outcome} value={choice.outcome}>
            {choice.label}
          </option>
        ))}
      </SelectField>
      <TextArea
        label="Reason (kept in its history)"
        rows={2}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Confirm>
  );
}
