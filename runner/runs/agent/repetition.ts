/**
 * Notices an agent that goes in circles. Pure: it is told what the agent did, and says when a pattern is there, and again
 * each time that it is twice as long. A call says nothing new when one like it gave the same result before.
 */
import type { RepetitionPattern } from "../../../protocol/run.ts";

export interface Circle {
  pattern: RepetitionPattern;
  times: number;
  /** What is repeated, for people. */
  text: string;
}

export interface Call {
  tool: string;
  input: string;
  ok: boolean;
  output: string;
}

/** From which number on a pattern is one. Reading twice, or trying again once or twice, is how work is done. */
const FIRST: Readonly<Record<RepetitionPattern, number>> = {
  same_call: 4,
  same_error: 5,
  alternation: 4,
  monologue: 6,
};
/** Calls of one round of an alternation, at most. */
const ROUND_MAX = 4;
/** Results that are remembered; of older ones a repetition counts as new. */
const RESULTS_MAX = 5_000;
const NAMED_CHARS_MAX = 120;

interface Past {
  call: string;
  error: string | null;
  named: string;
}

export class RepetitionWatch {
  readonly #results = new Set<string>();
  /** The newest calls, as many as the longest pattern needs. */
  #past: Past[] = [];
  #sameCall = 0;
  #sameError = 0;
  #alternating = new Map<number, number>();
  #monologue = 0;

  /** @returns whether the result is new, and the circle that it closes */
  called(call: Call): { isNew: boolean; circle: Circle | null } {
    const past = pastOf(call);
    const isNew = !this.#results.has(past.call);
    this.#remember(past.call);
    this.#monologue = 0;
    const before = this.#past.at(-1);
    this.#sameCall = before?.call === past.call ? this.#sameCall + 1 : 1;
    this.#sameError =
      past.error === null ? 0 : before?.error === past.error ? this.#sameError + 1 : 1;
    const rounds = this.#alternated(past);
    this.#past = [...this.#past, past].slice(-ROUND_MAX);
    return {
      isNew,
      circle:
        grown("same_call", this.#sameCall, past.named) ??
        grown("same_error", this.#sameError, past.named) ??
        rounds,
    };
  }

  /** Somebody asked something: an answer in words is what he wants. */
  asked(): void {
    this.#monologue = 0;
  }

  /** The agent answered once more without calling anything. */
  answered(): Circle | null {
    this.#monologue += 1;
    return grown("monologue", this.#monologue, "");
  }

  /** Rounds of two to four different calls, each like the one a round before. */
  #alternated(past: Past): Circle | null {
    let circle: Circle | null = null;
    for (let length = 2; length <= ROUND_MAX; length++) {
      const same =
        this.#past.at(-length)?.call === past.call && this.#past.at(-1)?.call !== past.call;
      const calls = same ? (this.#alternating.get(length) ?? length) + 1 : 0;
      if (same) this.#alternating.set(length, calls);
      else this.#alternating.delete(length);
      if (calls > 0 && calls % length === 0)
        circle ??= grown("alternation", calls / length, past.named);
    }
    return circle;
  }

  #remember(call: string): void {
    this.#results.add(call);
    const oldest =
      this.#results.size > RESULTS_MAX ? this.#results.values().next().value : undefined;
    if (oldest !== undefined) this.#results.delete(oldest);
  }
}

/** A pattern is told at its first number, and each time that it is twice as long. */
function grown(pattern: RepetitionPattern, times: number, text: string): Circle | null {
  let at = FIRST[pattern];
  while (at < times) at *= 2;
  return at === times ? { pattern, times, text } : null;
}

function pastOf({ tool, input, ok, output }: Call): Past {
  const result = timeless(output);
  return {
    call: Bun.hash(JSON.stringify([tool, input, ok, result])).toString(36),
    error: ok ? null : Bun.hash(JSON.stringify([tool, result])).toString(36),
    named: `${tool} ${input}`.slice(0, NAMED_CHARS_MAX),
  };
}

/** Durations and times of day differ from one run of the same command to the next, and say nothing. */
function timeless(output: string): string {
  return output
    .replaceAll(/\d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|sec|seconds)\b/g, "#")
    .replaceAll(/\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\b/g, "#")
    .replaceAll(/\b\d{4}-\d{2}-\d{2}\b/g, "#");
}
