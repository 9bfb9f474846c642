import type { Answer } from "./choose-turn.ts";
import type { Conversation } from "./conversation.ts";

/** Conversations remembered at most; the oldest is forgotten, and its faults would count anew. */
const CONVERSATIONS_MAX = 10_000;

/** Counts the faults that a script limits by `times`: the only thing the server remembers of a request. */
export class FaultCount {
  readonly #played = new Map<string, number>();

  /** The answer as it is to be played: without its fault once that was played often enough. */
  admit(answer: Answer, talk: Conversation): Answer {
    const times = answer.fault?.times;
    if (times === undefined) return answer;
    const asked = talk.role === "mayor" ? talk.userLast : "";
    const key = [answer.origin, talk.beadId, talk.beadTitle, talk.attempt, talk.round, asked].join(
      "\n",
    );
    const played = this.#played.get(key) ?? 0;
    if (played >= times) return { ...answer, fault: null };
    this.#played.set(key, played + 1);
    const oldest = this.#played.keys().next().value;
    if (this.#played.size > CONVERSATIONS_MAX && oldest !== undefined) this.#played.delete(oldest);
    return answer;
  }
}
