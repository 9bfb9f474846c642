/** The Mayor: a conversation that shows work, not only words. */
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useImages, useRunLog, useTopic, useTopicProblem, useTown } from "../lib/town.tsx";
import { inOrder } from "../model/chat.ts";
import { ChatItem } from "../chat/chat-item.tsx";
import { Composer } from "../chat/composer.tsx";
import { Unseen } from "../parts/unseen.tsx";
import { useStick } from "../parts/use-stick.ts";
import { Empty, Problem, SkeletonRows } from "../ui/feedback.tsx";

const wishes = [
  "Every form should say what is wrong beside its field, with tests.",
  "Find the slowest test and make it fast without losing what it proves.",
  "Add a command that exports all orders as CSV, then document it.",
];

export function MayorView() {
  const { ready } = useTopic("mayor");
  const problem = useTopicProblem("mayor");
  const chat = useImages("mayor", "chat");
  const entries = useMemo(() => inOrder(chat), [chat]);
  const streaming = entries.find((entry) => entry.state === "streaming");
  const { log } = useRunLog(streaming?.runId ?? null);
  const [wish, setWish] = useState("");
  const stick = useStick(entries.length, log.lastSeq);
  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">Mayor</h1>
      <div className="relative min-h-0 flex-1">
        <div
          ref={stick.box}
          onScroll={stick.onScroll}
          className="h-full overflow-y-auto"
          tabIndex={0}
          role="log"
          aria-label="Conversation with the Mayor"
          aria-live="polite"
        >
          <div className="mx-auto flex min-h-full w-full max-w-[760px] flex-col justify-end gap-6 px-6 pb-6 pt-8 max-sm:px-3">
            {problem && <Problem>{problem}</Problem>}
            {!ready && !problem && <SkeletonRows rows={5} label="Loading the conversation" />}
            {ready && entries.length === 0 && <Beginning onWish={setWish} />}
            {entries.map((entry) => (
              <ChatItem key={entry.id} entry={entry} log={entry === streaming ? log : null} />
            ))}
          </div>
        </div>
        <Unseen amount={stick.unseen} onShow={stick.toEnd} />
      </div>
      <Composer busy={streaming !== undefined} wish={wish} onSent={stick.toEnd} />
    </div>
  );
}

function Beginning({ onWish }: { onWish: (wish: string) => void }) {
  const town = useTown();
  const rigs = useImages("town", "rig");
  const missing = town?.model === null ? "model" : rigs.length === 0 ? "rig" : null;
  return (
    <div className="my-auto">
      <Empty title="Tell the Mayor what you wish for">
        {missing === "model" ? (
          <p>
            The Mayor needs a language model first:{" "}
            <Link
              to="/settings"
              search={{}}
              className="underline decoration-lamp underline-offset-3"
            >
              choose one in Settings
            </Link>
            .
          </p>
        ) : missing === "rig" ? (
          <p>
            The Mayor needs a repository to work on:{" "}
            <Link
              to="/rigs/new"
              search={{}}
              className="underline decoration-lamp underline-offset-3"
            >
              add a rig
            </Link>
            .
          </p>
        ) : (
          <p>
            It reads your rigs, cuts the wish into beads with their order, and slings them. You can
            watch each one and stop any.
          </p>
        )}
      </Empty>
      {missing === null && (
        <ul className="mx-auto flex max-w-[520px] flex-col gap-2">
          {wishes.map((wish) => (
            <li key={wish}>
              <button
                type="button"
                onClick={() => onWish(wish)}
                className="w-full rounded-md border border-line bg-panel px-3 py-2 text-left text-sm text-ink-2 hover:border-line-strong hover:bg-raised hover:text-ink"
              >
                {wish}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
