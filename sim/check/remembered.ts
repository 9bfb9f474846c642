/** What must hold of what agents remember, of the Mayor's above all: each turn of the conversation is in it at most once, and the last one is. */
import type { Image, SnapshotKeepFrame, SnapshotPutFrame } from "../../protocol/index.ts";
import { readMemory, type AgentMemory } from "../agent/agent.ts";
import type { TownView } from "../town/town-view.ts";
import { Violation } from "./violation.ts";

/** In the briefing of a run that works on one. */
const BEAD = /^Bead id: (\S+)$/m;

export class RememberedChecks {
  /** The words that began each turn. */
  readonly #words = new Map<string, string>();
  readonly #put = new Map<string, AgentMemory>();
  /** Runs whose agents' memory was kept for their beads. */
  readonly #authors = new Set<string>();
  /** Reworks that were seen to begin. */
  readonly #begun = new Set<string>();

  /** A message of a person. */
  see(entry: Image<"chat">): void {
    if (entry.kind === "person" && entry.turnId !== null) this.#words.set(entry.turnId, entry.text);
  }

  /** A rework goes on in a session only where nobody has worked on the bead since. */
  run({ id, beadId, began }: Image<"run">, view: TownView): void {
    if (began?.how !== "resumed" || this.#begun.has(id)) return;
    this.#begun.add(id);
    const before = [...view.runs.values()].filter(
      (other) =>
        other.beadId === beadId &&
        other.kind === "work" &&
        other.id < id &&
        (other.startedAt !== null || other.outcome === "done"),
    );
    const last = before.toSorted((a, b) => (a.id < b.id ? 1 : -1))[0];
    if (last !== undefined && !this.#authors.has(last.id))
      throw new Violation("remembered-newest", `${id} does not remember what ${last.id} did`);
  }

  /** Of every frame that the town took and answered well. */
  heard(event: string, frame: object): void {
    if (event === "snapshot_put") this.#took(frame as SnapshotPutFrame);
    if (event === "snapshot_keep") this.#kept(frame as SnapshotKeepFrame);
  }

  forget(): void {
    this.#words.clear();
  }

  #took({ snapshot, data }: SnapshotPutFrame): void {
    const memory = readMemory(Buffer.from(data, "base64"));
    if (memory !== null) this.#put.set(snapshot.sha256, memory);
  }

  #kept({ runId, snapshot }: SnapshotKeepFrame): void {
    const memory = this.#put.get(snapshot.sha256);
    if (memory === undefined)
      throw new Violation("remembered-whole", `${runId} keeps what it never handed over`);
    const beads = new Set(memory.turns.flatMap((prompt) => BEAD.exec(prompt)?.[1] ?? []));
    if (beads.size > 1) throw new Violation("remembered-own", `${runId} remembers another bead`);
    if (snapshot.turnId === null) this.#authors.add(runId);
    const all = new Set(this.#words.values());
    const said = memory.turns
      .map((prompt) => prompt.split("\n\n").at(-1) ?? "")
      .filter((words) => all.has(words));
    const doubled = said.find((words, n) => said.indexOf(words) !== n);
    if (doubled !== undefined)
      throw new Violation("remembered-once", `${runId} remembers "${doubled}" twice`);
    const last = snapshot.turnId === null ? undefined : this.#words.get(snapshot.turnId);
    if (last !== undefined && !said.includes(last))
      throw new Violation("remembered-last", `${runId} does not remember "${last}"`);
  }
}
