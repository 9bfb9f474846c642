/** A person's decision on a review that needs one. */
import { useState } from "react";
import { toast } from "sonner";
import type { Review } from "../../protocol/index.ts";
import { useCommand } from "../lib/town.tsx";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { TextArea } from "../ui/field.tsx";

export function Decide({ review }: { review: Review }) {
  const decide = useCommand("review.decide");
  const [feedback, setFeedback] = useState("");
  const [chosen, setChosen] = useState<"approve" | "request_changes" | null>(null);
  const send = async (verdict: "approve" | "request_changes") => {
    setChosen(verdict);
    const answer = await decide.run({
      review: review.id,
      version: review.version,
      verdict,
      feedback: feedback.trim(),
    });
    if (answer.ok)
      toast(verdict === "approve" ? "Approved: it merges next" : "Returned with your words");
  };
  const sent = decide.state.phase === "sent";
  return (
    <form
      className="space-y-2 rounded-md border border-line bg-canvas p-3"
      onSubmit={(event) => event.preventDefault()}
      aria-label="Decide"
    >
      <TextArea
        label="What should change (sent with a return)"
        rows={2}
        value={feedback}
        onChange={(event) => setFeedback(event.target.value)}
        className="bg-panel"
      />
      {decide.state.phase === "refused" && <Refusal error={decide.state.error} />}
      <div className="flex gap-2">
        <Button
          look="main"
          sent={sent && chosen === "approve"}
          disabled={sent}
          onClick={() => void send("approve")}
        >
          Approve
        </Button>
        <Button
          sent={sent && chosen === "request_changes"}
          disabled={sent || feedback.trim() === ""}
          onClick={() => void send("request_changes")}
        >
          Return
        </Button>
      </div>
    </form>
  );
}
