import { expect, test } from "bun:test";
import { agentEventSchema, EVENT_BATCH_MAX, type AgentEvent } from "../../../protocol/index.ts";
import { EventSource } from "./event-source.ts";

test("[BENCH-stream] the events of a stream fit the protocol, count up without gaps, and let each part grow until it is done", () => {
  const source = new EventSource();
  const events = [...source.batch(), ...source.batch()].map((event) =>
    agentEventSchema.parse(event),
  );
  expect(events.map((event) => event.seq)).toEqual(
    Array.from({ length: 2 * EVENT_BATCH_MAX }, (_, n) => n + 1),
  );
  const parts = Map.groupBy(events, textOf("partId"));
  for (const part of parts.values()) {
    const lengths = part.map((event) => String(textOf("text")(event)).length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    expect(part.map(textOf("done"))).toEqual(part.map((_, n) => n === part.length - 1));
  }
  expect(parts.size).toBe(10);
});

const textOf =
  <K extends "partId" | "text" | "done">(field: K) =>
  ({ body }: AgentEvent) => {
    if (body.kind !== "text") throw new Error(`a ${body.kind} is no text`);
    return body[field];
  };
