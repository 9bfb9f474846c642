/** The dependency graph of beads: edges say "waits for". */

export type Edges = ReadonlyMap<string, readonly string[]>;

/** A path from `from` to `to` along the edges, or null. Iterative: chains may be long. */
export function findPath(edges: Pick<Edges, "get">, from: string, to: string): string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  const open = [from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return unwind(cameFrom, at);
    for (const next of edges.get(at) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      open.push(next);
    }
  }
  return null;
}

function unwind(cameFrom: ReadonlyMap<string, string | null>, last: string): string[] {
  const path: string[] = [];
  for (let at: string | null = last; at !== null; at = cameFrom.get(at) ?? null) path.push(at);
  return path.toReversed();
}

/** A cycle in the graph as the list of its nodes, or null when there is none. */
export function findCycle(edges: Edges): string[] | null {
  for (const [node, targets] of edges) {
    for (const target of targets) {
      const back = findPath(edges, target, node);
      if (back) return back;
    }
  }
  return null;
}
