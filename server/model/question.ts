/** What makes two questions the same, and what counts when nobody answers. */
import type { QuestionKind } from "../../protocol/index.ts";

export const PERMISSION_OPTIONS = ["allow", "deny"] as const;

interface Asked {
  kind: QuestionKind;
  text: string;
  options: readonly string[];
}

/** Equal for questions that differ in case, punctuation, spaces or the order of their options only. */
export function fingerprintOf({ kind, text, options }: Asked): string {
  const plain = (words: string) =>
    words
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim();
  return JSON.stringify([kind, plain(text), options.map(plain).toSorted()]);
}

/** What counts at the deadline. Never a step that cannot be undone, unless whoever asked named it as the default. */
export function fallbackOf(asked: {
  kind: QuestionKind;
  default: string | null;
  recommendation: string | null;
  revertible: boolean;
}): string {
  if (asked.default !== null) return asked.default;
  if (asked.kind === "permission") return "deny";
  if (!asked.revertible)
    return "Nobody has decided. Do nothing that cannot be undone, and say in your summary what is open.";
  return (
    asked.recommendation ??
    "Nobody has decided. Choose what is easiest to change later, and say so in your summary."
  );
}
