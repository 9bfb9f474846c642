/** Cuts what a fact says until it fits a frame: one that does not would stop all that come after it. */
import type { FactBody } from "../../protocol/facts.ts";

/** Bytes of one fact as JSON: below a frame with room for its envelope. */
export const FACT_BYTES_MAX = 180 * 1024;
const CUT_MARK = "\n… (cut)";
/** Shorter strings are names, ids and refs: they are never cut. */
const FREE_TEXT_CHARS_MIN = 250;

/** The same fact when it fits, else a copy with its longest texts, then its longest list, cut. */
export function fitFact(body: FactBody): FactBody {
  if (bytesOf(body) <= FACT_BYTES_MAX) return body;
  const copy = structuredClone(body);
  while (bytesOf(copy) > FACT_BYTES_MAX) {
    const longest = longestText(copy);
    if (longest !== null) longest.cut();
    else if (!cutLongestList(copy)) throw new Error(`a ${body.kind} fact cannot be made to fit`);
  }
  return copy;
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

interface Text {
  bytes: number;
  cut(): void;
}

function longestText(value: unknown): Text | null {
  let longest: Text | null = null;
  visit(value, (holder, key, child) => {
    if (typeof child !== "string" || child.length < FREE_TEXT_CHARS_MIN) return;
    const bytes = bytesOf(child);
    if (longest !== null && bytes <= longest.bytes) return;
    const kept = child.slice(0, Math.floor(child.length / 2) - CUT_MARK.length);
    longest = { bytes, cut: () => (holder[key] = kept + CUT_MARK) };
  });
  return longest;
}

function cutLongestList(value: unknown): boolean {
  let longest: unknown[] = [];
  visit(value, (_holder, _key, child) => {
    if (Array.isArray(child) && child.length > longest.length) longest = child;
  });
  if (longest.length < 2) return false;
  longest.length = Math.floor(longest.length / 2);
  return true;
}

function visit(
  value: unknown,
  see: (holder: Record<string, unknown>, key: string, child: unknown) => void,
): void {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, unknown>;
  for (const [key, child] of Object.entries(holder)) {
    see(holder, key, child);
    visit(child, see);
  }
}
