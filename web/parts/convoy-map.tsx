/** The convoy as a graph one can pan, zoom and walk with the keyboard; beads open in a drawer. */
import {
  Background,
  Controls,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
  ReactFlowProvider,
} from "@xyflow/react";
import { createContext, useContext, useMemo, useSyncExternalStore } from "react";
import type { Issue } from "../../protocol/index.ts";
import { shortId } from "../../protocol/index.ts";
import { drawerOf } from "../lib/drawers.ts";
import { useDrawerLevel, useDrawers } from "../lib/page.tsx";
import { useImage } from "../lib/town.tsx";
import { convoyGraph, NODE_HEIGHT, NODE_WIDTH } from "../model/convoy-graph.ts";
import { AgentMark } from "../ui/agent-mark.tsx";
import { cx } from "../ui/class-names.ts";
import { StateMark } from "../ui/state-mark.tsx";
import { useIsDark } from "../ui/theme-toggle.tsx";
import { withShortIds } from "../words/history.ts";
import { issueLook } from "../words/states.ts";

const HEIGHT_PX_MIN = 220;
const HEIGHT_PX_MAX = 560;

type BeadNode = Node<{ issue: Issue }, "bead">;

const OpenBead = createContext<(id: string) => void>(() => undefined);

function BeadBox({ data: { issue } }: NodeProps<BeadNode>) {
  const open = useContext(OpenBead);
  const down = useIsPhone();
  const agent = useImage("agent", issue.assigneeId);
  const look = issueLook(issue);
  const why =
    issue.status === "closed"
      ? look.label
      : (issue.failure?.message ?? issue.wait?.text ?? agent?.bubble ?? look.label);
  return (
    <button
      type="button"
      data-row=""
      onClick={() => open(issue.id)}
      style={{ width: NODE_WIDTH, height: NODE_HEIGHT }}
      className={cx(
        "nopan flex flex-col rounded-md border border-line-strong bg-panel px-2.5 py-2 text-left hover:bg-raised",
        issue.status === "failed" && "border-s-failed",
      )}
    >
      <Handle
        type="target"
        position={down ? Position.Top : Position.Left}
        isConnectable={false}
        className="opacity-0!"
      />
      <span className="flex w-full items-center gap-1.5 text-xs text-ink-3">
        <StateMark look={look} />
        <span className="mono">{shortId(issue.id)}</span>
        {agent && issue.status !== "closed" && (
          <span className="ml-auto">
            <AgentMark id={agent.id} name={agent.name} size={14} live={agent.state === "working"} />
          </span>
        )}
      </span>
      <span className="mt-0.5 line-clamp-2 w-full text-sm leading-[17px] font-medium">
        {issue.title}
      </span>
      <span className="mt-auto w-full truncate text-xs text-ink-3">{withShortIds(why)}</span>
      <Handle
        type="source"
        position={down ? Position.Bottom : Position.Right}
        isConnectable={false}
        className="opacity-0!"
      />
    </button>
  );
}

const phone = matchMedia("(max-width: 640px)");

/** On a phone the waves go down instead of across. */
function useIsPhone(): boolean {
  return useSyncExternalStore(
    (listener) => {
      phone.addEventListener("change", listener);
      return () => phone.removeEventListener("change", listener);
    },
    () => phone.matches,
  );
}

const nodeTypes = { bead: BeadBox };

export function ConvoyMap({ issues }: { issues: Issue[] }) {
  const drawers = useDrawers();
  const level = useDrawerLevel();
  const dark = useIsDark();
  const down = useIsPhone();
  const graph = useMemo(
    () =>
      convoyGraph(
        issues,
        new Map(issues.map((issue) => [issue.id, issue.blockedBy])),
        down ? "TB" : "LR",
      ),
    [issues, down],
  );
  const open = (id: string) => {
    const ref = drawerOf(id);
    if (ref) drawers.open(ref, level);
  };
  const nodes: BeadNode[] = graph.nodes.map(({ id, x, y, issue }) => ({
    id,
    type: "bead",
    position: { x, y },
    data: { issue },
    width: NODE_WIDTH,
    height: NODE_HEIGHT,
  }));
  const edges = graph.edges.map(({ id, from, to, open: landed }) => ({
    id,
    source: from,
    target: to,
    style: landed
      ? { stroke: "var(--s-landed)", strokeWidth: 1.5 }
      : { stroke: "var(--line-strong)", strokeWidth: 1.5, strokeDasharray: "4 4" },
  }));
  return (
    <OpenBead value={open}>
      <div style={{ height: Math.min(HEIGHT_PX_MAX, Math.max(HEIGHT_PX_MIN, graph.height + 72)) }}>
        <ReactFlowProvider>
          <ReactFlow<BeadNode>
            nodes={nodes}
            edges={edges}
            nodeTypes={nodeTypes}
            colorMode={dark ? "dark" : "light"}
            fitView
            fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
            minZoom={0.3}
            maxZoom={1.5}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            zoomOnScroll={false}
            panOnScroll
            preventScrolling={false}
            aria-label="Beads of the convoy in the order they land"
            proOptions={{ hideAttribution: true }}
          >
            <Background gap={20} size={1} color="var(--line)" />
            <Controls showInteractive={false} />
          </ReactFlow>
        </ReactFlowProvider>
      </div>
    </OpenBead>
  );
}
