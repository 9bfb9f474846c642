/** Search and commands: views, rigs, beads, convoys, agents. Loaded when first opened. */
import { Command } from "cmdk";
import { type ReactNode, useMemo, useState } from "react";
import { type Issue, shortId } from "../../protocol/index.ts";
import { drawerOf } from "../lib/drawers.ts";
import { useDrawers, useGo } from "../lib/page.tsx";
import { useImages } from "../lib/town.tsx";
import { matches } from "../model/board.ts";
import { AgentMark } from "../ui/agent-mark.tsx";
import { Modal } from "../ui/modal.tsx";
import { StateMark } from "../ui/state-mark.tsx";
import { convoyLook, issueLook, rigLook } from "../words/states.ts";
import { PLACES } from "./places.ts";

/** More beads than one reads; typing narrows them. */
const BEADS_SHOWN = 50;

interface PaletteProps {
  onClose: () => void;
  onNewBead: () => void;
  onMap: () => void;
}

export function Palette({ onClose, onNewBead, onMap }: PaletteProps) {
  const go = useGo();
  const [query, setQuery] = useState("");
  const pick = (act: () => void) => () => {
    onClose();
    act();
  };
  return (
    <Modal title="Search and commands" quietTitle onClose={onClose} className="overflow-hidden">
      <Command label="Search and commands" loop className="flex max-h-[60vh] flex-col">
        <Command.Input
          value={query}
          onValueChange={setQuery}
          data-autofocus
          placeholder="Go to a view, a bead, a convoy, an agent…"
          className="h-12 w-full shrink-0 border-b border-line bg-transparent px-4 text-base text-ink placeholder:text-ink-3 focus-visible:outline-none"
        />
        <Command.List className="min-h-0 flex-1 overflow-y-auto p-2">
          <Command.Empty className="px-3 py-8 text-center text-sm text-ink-3">
            Nothing has this name.
          </Command.Empty>
          <Group heading="Views">
            {PLACES.map(({ path, label, keys, Icon }) => (
              <Row
                key={path}
                value={`view ${label}`}
                hint={keys}
                onSelect={pick(() => go(path))}
                icon={<Icon size={14} strokeWidth={1.5} aria-hidden />}
              >
                {label}
              </Row>
            ))}
            <Row value="new bead create work" hint="c" onSelect={pick(onNewBead)} icon="+">
              New bead
            </Row>
            <Row value="add rig repository" onSelect={pick(() => go("/rigs/new"))} icon="+">
              Add a rig
            </Row>
            <Row value="keyboard map shortcuts" hint="?" onSelect={pick(onMap)} icon="?">
              Keyboard map
            </Row>
          </Group>
          <Things pick={pick} query={query} />
        </Command.List>
      </Command>
    </Modal>
  );
}

function useBeads(query: string): Issue[] {
  const all = useImages("board", "issue");
  return useMemo(
    () => all.filter((issue) => matches(issue, query)).slice(-BEADS_SHOWN),
    [all, query],
  );
}

/** Everything of the town that has a name. */
function Things({ pick, query }: { pick: (act: () => void) => () => void; query: string }) {
  const go = useGo();
  const drawers = useDrawers();
  const issues = useBeads(query);
  const convoys = useImages("convoys", "convoy");
  const agents = useImages("agents", "agent");
  const rigs = useImages("town", "rig");
  const open = (id: string) => () => {
    const ref = drawerOf(id);
    if (ref) drawers.open(ref, 0);
  };
  return (
    <>
      <Group heading="Rigs">
        {rigs.map((rig) => (
          <Row
            key={rig.id}
            value={`rig ${rig.name} ${rig.id}`}
            onSelect={pick(() => go(`/rigs/${rig.id}`))}
            icon={<StateMark look={rigLook(rig)} />}
          >
            {rig.name}
          </Row>
        ))}
      </Group>
      <Group heading="Convoys">
        {convoys.map((convoy) => (
          <Row
            key={convoy.id}
            value={`${convoy.title} ${convoy.id}`}
            hint={shortId(convoy.id)}
            onSelect={pick(() => go(`/convoys/${convoy.id}`))}
            icon={<StateMark look={convoyLook(convoy.state)} />}
          >
            {convoy.title}
          </Row>
        ))}
      </Group>
      <Group heading="Beads">
        {issues.map((issue) => (
          <Row
            key={issue.id}
            value={`${issue.title} ${issue.id} ${shortId(issue.id)}`}
            hint={shortId(issue.id)}
            onSelect={pick(open(issue.id))}
            icon={<StateMark look={issueLook(issue)} />}
          >
            {issue.title}
          </Row>
        ))}
      </Group>
      <Group heading="Agents">
        {agents.map((agent) => (
          <Row
            key={agent.id}
            value={`${agent.name} ${agent.role} ${agent.id}`}
            hint={agent.role}
            onSelect={pick(open(agent.id))}
            icon={<AgentMark id={agent.id} name="" size={14} />}
          >
            {agent.name}
          </Row>
        ))}
      </Group>
    </>
  );
}

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-ink-3"
    >
      {children}
    </Command.Group>
  );
}

function Row({
  value,
  hint,
  icon,
  onSelect,
  children,
}: {
  value: string;
  hint?: string;
  icon: ReactNode;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-8 cursor-pointer items-center gap-2.5 rounded-md px-2 text-sm text-ink-2 data-[selected=true]:bg-pressed data-[selected=true]:text-ink max-sm:h-10"
    >
      <span className="flex w-4 shrink-0 justify-center text-ink-3">{icon}</span>
      <span className="min-w-0 flex-1 truncate">{children}</span>
      {hint && <span className="mono shrink-0 text-ink-3">{hint}</span>}
    </Command.Item>
  );
}
