/** History told in sentences: who did what. Pure. */
import { type BeadEvent, shortId } from "../../protocol/index.ts";

export interface Actor {
  label: string;
  /** An id that opens, when the actor is something that can be looked at. */
  id: string | null;
}

/** Reads `person:owner`, `run:rn_…`, `agent:ag_…`, `town`, `rule:…`. */
export function actorOf(text: string): Actor {
  const cut = text.indexOf(":");
  const kind = cut < 0 ? text : text.slice(0, cut);
  const rest = cut < 0 ? "" : text.slice(cut + 1);
  if (kind === "person") return { label: rest === "owner" || rest === "" ? "You" : rest, id: null };
  if (/^[a-z]{2}_/.test(rest)) return { label: `${kind} ${shortId(rest)}`, id: rest };
  if (/^[a-z]{2}_/.test(text)) return { label: shortId(text), id: text };
  if (kind === "mayor") return { label: "The Mayor", id: null };
  if (kind === "town" || kind === "rule" || kind === "") return { label: "The town", id: null };
  return { label: text, id: null };
}

/** The sentence of an event, with a capital and a full stop, whatever its source wrote. */
export function sentence(event: Pick<BeadEvent, "text" | "kind">): string {
  const text = (event.text.trim() || event.kind.replaceAll(/[_.-]/g, " ")).trim();
  return capital(/[.!?…]$/.test(text) ? text : `${text}.`);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The branch that a ref names. */
export function branchOf(ref: string): string {
  return ref.replace(/^refs\/heads\//, "");
}

const anyIdPattern = /\b[a-z]{2}_[0-9a-hjkmnp-tv-z]{26}\b/g;
const idPattern = /\b(?:bd|cv|mo|mr|ag|rn|tr)_[0-9a-hjkmnp-tv-z]{26}\b/g;

/** A text whose ids are cut to what people read. */
export function withShortIds(text: string): string {
  return text.replace(anyIdPattern, (id) => shortId(id));
}

export type Piece = { text: string } | { id: string };

/** Splits a text at the ids in it, so that each can be a link. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(idPattern)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ id: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}
