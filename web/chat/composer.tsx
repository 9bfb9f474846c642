/** Where you write to the Mayor. Enter sends, Shift and Enter begins a line. */
import { ArrowUp } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { CHAT_CHARS_MAX } from "../../protocol/index.ts";
import { useCommand, useConnectionState } from "../lib/town.tsx";
import { Refusal } from "../ui/feedback.tsx";
import { Button } from "../ui/button.tsx";

const DRAFT_KEY = "gastown.draft";
const HEIGHT_PX_MAX = 220;

interface ComposerProps {
  busy: boolean;
  /** A wish taken from the examples; it replaces the draft. */
  wish: string;
  onSent: () => void;
}

/** Starting the Mayor takes seconds; he is left alone for so long after he was called. */
const WAKE_AGAIN_MS = 60_000;

/**
 * Has the Mayor up: when the conversation is opened, and when somebody writes later; not when a connection comes back, nor
 * for a page that nobody sees. Whether he came is told by his answer.
 */
function useWake(): () => void {
  const command = useCommand("mayor.wake");
  const isOnline = useConnectionState().phase === "online";
  const calledAt = useRef<number | null>(null);
  const wake = () => {
    const now = performance.now();
    if (!isOnline || (calledAt.current !== null && now - calledAt.current < WAKE_AGAIN_MS)) return;
    calledAt.current = now;
    void command.run({});
  };
  const atFirst = useRef(wake);
  atFirst.current = () => {
    if (calledAt.current === null && !document.hidden) wake();
  };
  useEffect(() => {
    const look = () => atFirst.current();
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [isOnline]);
  return wake;
}

/** The draft outlives a change of view and a reload; its field is as high as its text. */
function useDraft(wish: string) {
  const [text, setText] = useState(() => sessionStorage.getItem(DRAFT_KEY) ?? "");
  const field = useRef<HTMLTextAreaElement>(null);
  const write = (next: string) => {
    setText(next);
    sessionStorage.setItem(DRAFT_KEY, next);
  };
  useEffect(() => {
    if (wish === "") return;
    setText(wish);
    field.current?.focus();
  }, [wish]);
  useEffect(() => {
    const { current } = field;
    if (!current) return;
    current.style.height = "auto";
    current.style.height = `${Math.min(current.scrollHeight, HEIGHT_PX_MAX)}px`;
  }, [text]);
  return { text, write, field };
}

export function Composer({ busy, wish, onSent }: ComposerProps) {
  const { text, write, field } = useDraft(wish);
  const say = useCommand("mayor.say");
  const wake = useWake();
  const offline = useConnectionState().phase !== "online";
  const send = async () => {
    const words = text.trim();
    if (words === "" || say.state.phase === "sent") return;
    const answer = await say.run({ text: words });
    if (!answer.ok) return;
    write("");
    onSent();
    field.current?.focus();
  };
  return (
    <form
      className="shrink-0 px-6 pb-4 max-sm:px-3 max-sm:pb-3"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div className="mx-auto max-w-[760px]">
        {say.state.phase === "refused" && <Refusal error={say.state.error} className="mb-2" />}
        <div className="flex items-end gap-2 rounded-lg border border-line-strong bg-panel p-1.5 transition-colors duration-120 focus-within:border-focus">
          <textarea
            ref={field}
            aria-label="Message to the Mayor"
            rows={1}
            maxLength={CHAT_CHARS_MAX}
            value={text}
            placeholder="What do you wish for?"
            onChange={(event) => {
              write(event.target.value);
              wake();
            }}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              void send();
            }}
            className="max-h-[220px] min-h-8 flex-1 resize-none bg-transparent px-2 py-1.5 text-base text-ink placeholder:text-ink-3 focus-visible:outline-none"
          />
          <Button
            look="main"
            type="submit"
            aria-label="Send"
            sent={say.state.phase === "sent"}
            disabled={text.trim() === "" || offline}
            className="w-8 px-0! max-sm:h-8"
          >
            {say.state.phase !== "sent" && <ArrowUp size={16} strokeWidth={2} aria-hidden />}
          </Button>
        </div>
        <p className="mt-1.5 px-1 text-xs text-ink-3 max-sm:hidden" role="status">
          {offline
            ? "Offline: your words stay here until the town answers."
            : busy
              ? "The Mayor is at it; what you send now is queued and read next."
              : "Enter sends, Shift Enter begins a new line."}
        </p>
      </div>
    </form>
  );
}
