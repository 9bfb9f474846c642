/** The log of one run, built from its stream: parts are replaced in place, everything else is appended. Pure. */
import type { AgentEvent } from "../../protocol/index.ts";

export interface RunLog {
  readonly lastSeq: number;
  readonly loaded: boolean;
  /** In order of first appearance; a part's newest version stands where its first stood. */
  readonly entries: readonly AgentEvent[];
}

export const emptyLog: RunLog = { lastSeq: 0, loaded: false, entries: [] };

function partOf(event: AgentEvent): string | null {
  const { body } = event;
  return "partId" in body ? `${body.kind}:${body.partId}` : null;
}

/** Adds events in any overlap with what is there; what was seen already changes nothing. */
export function appendEvents(log: RunLog, events: readonly AgentEvent[]): RunLog {
  const fresh = events.filter((event) => event.seq > log.lastSeq);
  if (fresh.length === 0) return log.loaded ? log : { ...log, loaded: true };
  const entries = [...log.entries];
  const places = new Map<string, number>();
  for (const [index, entry] of entries.entries()) {
    const part = partOf(entry);
    if (part !== null) places.set(part, index);
  }
  let lastSeq = log.lastSeq;
  for (const event of fresh) {
    lastSeq = Math.max(lastSeq, event.seq);
    const part = partOf(event);
    const place = part === null ? undefined : places.get(part);
    const before = place === undefined ? undefined : entries[place];
    if (place !== undefined && before) entries[place] = { ...event, at: before.at };
    else {
      if (part !== null) places.set(part, entries.length);
      entries.push(event);
    }
  }
  return { lastSeq, loaded: true, entries };
}

/** The entries without the statuses that only repeat a heading of the text around them. */
export function withoutEchoes(entries: readonly AgentEvent[]): AgentEvent[] {
  const said = new Set(
    entries.flatMap(({ body }) =>
      body.kind === "text"
        ? [...body.text.matchAll(/^# +(.+?)\s*$/gm)].map(([, heading]) => heading)
        : [],
    ),
  );
  return entries.filter(({ body }) => body.kind !== "status" || !said.has(body.text));
}

/** What a turn has said so far. */
export function turnText(log: RunLog, turnId: string): string {
  const texts: string[] = [];
  for (const { turnId: of, body } of log.entries) {
    if (of === turnId && body.kind === "text" && body.text !== "") texts.push(body.text);
  }
  return texts.join("\n\n");
}
