/** What a spool must do on every disk. */
import { describe, expect, test } from "bun:test";
import type { FactBody } from "../../protocol/facts.ts";
import type { Spool } from "./spool.ts";

export interface SpoolStage {
  /** Opens the spool on the stage's disk, once the one before has ended. */
  open: (bytesMax?: number) => Spool;
  /** Ends its owner: closed, or killed. */
  end: (spool: Spool) => void;
}

const fence = { epoch: 1, n: 1 };
const phase = (name: string): FactBody => ({ kind: "phase", phase: name });
const phases = (spool: Spool, after = 0) =>
  spool
    .pending(after, 64, 1_000_000)
    .map(({ seq, body }) => [seq, body.kind === "phase" ? body.phase : body.kind]);

export function spoolContract(name: string, stage: () => SpoolStage): void {
  describe(`spool contract: ${name}`, () => {
    keeping(stage);
    bounds(stage);
  });
}

/** What was appended, in its order, until it is acknowledged. */
function keeping(stage: () => SpoolStage): void {
  test("[C6] facts keep the order in which they were appended, together or one by one", async () => {
    const { open } = stage();
    const spool = open();
    const first = spool.append({ runId: "a", fence, body: phase("one") });
    const second = spool.append({ runId: "b", fence, body: phase("two") });
    expect(spool.appendNow({ runId: "a", fence, body: phase("three") })).toBe(3);
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(phases(spool)).toEqual([
      [1, "one"],
      [2, "two"],
      [3, "three"],
    ]);
    spool.close();
  });

  test("[C6] an acknowledgement prunes, and sequences are never reused, also after a restart", () => {
    const { open, end } = stage();
    const spool = open();
    for (const name of ["one", "two", "three"])
      spool.appendNow({ runId: "a", fence, body: phase(name) });
    spool.ack(2);
    expect(phases(spool)).toEqual([[3, "three"]]);
    spool.ack(3);
    spool.ack(1);
    const { epoch } = spool;
    end(spool);
    const again = open();
    expect([again.epoch, again.seq, again.ackedSeq]).toEqual([epoch, 3, 3]);
    expect(again.appendNow({ runId: "a", fence, body: phase("four") })).toBe(4);
    again.close();
  });

  test("[C6] what was not acknowledged is told by the next owner, as it was", () => {
    const { open, end } = stage();
    const first = open();
    for (const word of ["one", "two", "three"])
      first.appendNow({ runId: "a", fence, body: phase(word) });
    first.ack(1);
    end(first);
    const next = open();
    expect(phases(next)).toEqual([
      [2, "two"],
      [3, "three"],
    ]);
    expect(next.pending(2, 64, 1_000_000)).toMatchObject([{ runId: "a", fence, seq: 3 }]);
    end(next);
  });
}

function bounds(stage: () => SpoolStage): void {
  test("[C6] a full spool gives up event batches first, in their places, and says so", () => {
    const { open } = stage();
    const spool = open(20_000);
    const body = { kind: "text" as const, partId: "t", text: "x".repeat(4_000), done: false };
    for (let seq = 1; seq <= 8; seq++)
      spool.appendNow({
        runId: "a",
        fence,
        body: { kind: "events", events: [{ seq, at: 1, turnId: null, body }] },
      });
    spool.appendNow({ runId: "a", fence, body: phase("last") });
    const facts = spool.pending(0, 64, 1_000_000);
    expect(facts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const kinds = facts.map(({ body: fact }) =>
      fact.kind === "events" ? (fact.events[0]?.body.kind ?? "") : fact.kind,
    );
    expect(kinds.slice(0, 2)).toEqual(["notice", "notice"]);
    expect(kinds.slice(-2)).toEqual(["text", "phase"]);
    spool.close();
  });

  test("[C6] a batch stays within count and bytes, and is never empty", () => {
    const { open } = stage();
    const spool = open();
    for (let n = 0; n < 5; n++)
      spool.appendNow({ runId: "a", fence, body: { kind: "bubble", text: "y".repeat(200) } });
    expect(spool.pending(0, 2, 1_000_000)).toHaveLength(2);
    expect(spool.pending(0, 64, 900)).toHaveLength(2);
    expect(spool.pending(0, 64, 1)).toHaveLength(1);
    spool.close();
  });
}
