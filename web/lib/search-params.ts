/** The URL's search part: repeated keys for lists, plain words, nothing encoded twice. Pure. */
export interface PageSearch {
  /** Open drawers, the last on top. */
  d?: string[];
  /** Filter text. */
  q?: string;
  /** Rig ids the board is narrowed to. */
  rig?: string[];
}

export function parseSearch(text: string): PageSearch {
  const params = new URLSearchParams(text);
  const search: PageSearch = {};
  const d = params.getAll("d");
  const rig = params.getAll("rig");
  const q = params.get("q");
  if (d.length > 0) search.d = d;
  if (rig.length > 0) search.rig = rig;
  if (q) search.q = q;
  return search;
}

export function stringifySearch(search: PageSearch): string {
  const params = new URLSearchParams();
  if (search.q) params.set("q", search.q);
  for (const rig of search.rig ?? []) params.append("rig", rig);
  for (const drawer of search.d ?? []) params.append("d", drawer);
  // A colon needs no escape in a query, and a drawer reads better with it.
  const text = params.toString().replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}
