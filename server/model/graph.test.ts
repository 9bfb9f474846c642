import { expect, test } from "bun:test";
import fc from "fast-check";
import { findCycle, findPath, type Edges } from "./graph.ts";

const nodes = ["a", "b", "c", "d", "e", "f"];
const graphs = fc
  .array(fc.tuple(fc.constantFrom(...nodes), fc.constantFrom(...nodes)), { maxLength: 14 })
  .map((pairs) => {
    const edges = new Map<string, string[]>();
    for (const [from, to] of pairs) edges.set(from, [...(edges.get(from) ?? []), to]);
    return edges;
  });

/** Repeatedly takes away nodes without edges to what is left; what remains has a cycle. */
function hasCycle(edges: Edges): boolean {
  const left = new Set(nodes);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const node of left) {
      if (!(edges.get(node) ?? []).some((to) => left.has(to))) left.delete(node);
    }
  }
  return left.size > 0;
}

test("[B3] a cycle is found exactly when there is one, and is one", () => {
  fc.assert(
    fc.property(graphs, (edges) => {
      const cycle = findCycle(edges);
      expect(cycle !== null).toBe(hasCycle(edges));
      if (cycle === null) return;
      const around = [...cycle, cycle[0] ?? ""];
      for (const [i, node] of cycle.entries())
        expect(edges.get(node) ?? []).toContain(around[i + 1] ?? "");
    }),
  );
});

test("[B3] a path goes along edges from its begin to its end", () => {
  fc.assert(
    fc.property(graphs, fc.constantFrom(...nodes), fc.constantFrom(...nodes), (edges, from, to) => {
      const path = findPath(edges, from, to);
      if (path === null) return expect(from).not.toBe(to);
      expect([path[0], path.at(-1)]).toEqual([from, to]);
      for (let i = 1; i < path.length; i++)
        expect(edges.get(path[i - 1] ?? "") ?? []).toContain(path[i] ?? "");
    }),
  );
});

test("[B3] a chain of 100,000 beads is walked without recursion", () => {
  const edges = new Map<string, string[]>();
  for (let i = 0; i < 100_000; i++) edges.set(`${i}`, [`${i + 1}`]);
  expect(findPath(edges, "0", "100000")?.length).toBe(100_001);
});
