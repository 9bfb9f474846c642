/** A convoy as a graph: beads in waves, edges from what lands first to what waits. Pure. */
import { Graph, layout } from "@dagrejs/dagre";
import type { Issue } from "../../protocol/index.ts";

export const NODE_WIDTH = 224;
export const NODE_HEIGHT = 86;

export interface GraphNode {
  id: string;
  x: number;
  y: number;
  issue: Issue;
}
export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  /** Whether what it waits for has landed. */
  open: boolean;
}
export interface ConvoyGraph {
  nodes: GraphNode[];
  edges: GraphEdge[];
  width: number;
  height: number;
}

/** Places every bead; positions depend on ids and dependencies only, so they hold still while states change. */
export function convoyGraph(
  issues: readonly Issue[],
  dependencies: ReadonlyMap<string, readonly string[]>,
  direction: "LR" | "TB",
): ConvoyGraph {
  const graph = new Graph();
  graph.setGraph({
    rankdir: direction,
    nodesep: 20,
    ranksep: direction === "LR" ? 64 : 40,
    marginx: 16,
    marginy: 16,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  const byId = new Map(issues.map((issue) => [issue.id, issue]));
  for (const id of [...byId.keys()].sort())
    graph.setNode(id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  const edges: GraphEdge[] = [];
  for (const [to, froms] of dependencies) {
    for (const from of froms) {
      const source = byId.get(from);
      if (!source || !byId.has(to)) continue;
      graph.setEdge(from, to);
      edges.push({ id: `${from}-${to}`, from, to, open: source.outcome === "landed" });
    }
  }
  layout(graph);
  const nodes = issues.map((issue) => {
    const place = graph.node(issue.id);
    return {
      id: issue.id,
      issue,
      x: (place.x ?? 0) - NODE_WIDTH / 2,
      y: (place.y ?? 0) - NODE_HEIGHT / 2,
    };
  });
  const frame = graph.graph();
  return { nodes, edges, width: frame.width ?? 0, height: frame.height ?? 0 };
}
