/** What every agent driver must do. A driver's own test gives a stage on which a scripted model plays the agent's part. */
import { describe, expect, test } from "bun:test";
import type { AgentDriver, AgentEvent } from "./driver.ts";

export type ContractTurn = { text?: string; tool?: { name: string; arguments: Record<string, unknown> }; silent?: boolean };

export type ContractStage = AsyncDisposable & {
  driver: AgentDriver;
  events: readonly AgentEvent[];
  /** Resolves with the first event that fits, also one that was before. */
  awaitEvent(fits: (event: AgentEvent) => boolean): Promise<AgentEvent>;
  /** Calls of the town's tools, in order. */
  toolCalls: readonly { tool: string; args: Record<string, unknown> }[];
  /** Requests the model got. */
  modelCalls(): number;
  /** Makes the agent die as by a crash. */
  crash(): Promise<void>;
};

/** `open` prepares a run whose model plays `turns`; it does not start the driver. */
export function driverContract(name: string, open: (turns: readonly ContractTurn[]) => Promise<ContractStage>, timeoutMs: number): void {
  const message = (id: string) => ({ text: "Bead: Contract\nBead id: b\nAttempt: 1\nRound: 1\n\nDo it.", messageId: id });
  const isClosed = (event: AgentEvent) => event.type === "turn_closed";

  async function started(turns: readonly ContractTurn[]): Promise<ContractStage> {
    const stage = await open(turns);
    expect(await stage.driver.prepare()).toEqual({ ok: true, value: undefined });
    expect(await stage.driver.start()).toMatchObject({ ok: true });
    return stage;
  }

  describe(`driver contract: ${name}`, () => {
    test(
      "[C1] a turn is told from its opening to its end, and the town's tool is called",
      async () => {
        const done = { name: "gt_done", arguments: { summary: "made it" } };
        await using stage = await started([{ text: "# Making it\nNow.", tool: done }, { text: "Made." }]);
        expect(await stage.driver.toolsRegistered()).toMatchObject({ ok: true, value: expect.arrayContaining(["gastown_gt_done"]) });
        expect(await stage.driver.prompt(message("m1"))).toEqual({ ok: true, value: undefined });
        expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "completed" });
        expect(stage.toolCalls).toEqual([{ tool: "gt_done", args: { summary: "made it" } }]);
        const kinds = stage.events.map((event) => event.type).filter((kind) => kind !== "text_delta");
        expect(kinds.slice(0, 1)).toEqual(["turn_opened"]);
        expect(kinds.filter((kind) => kind === "tool_start" || kind === "tool_end")).toEqual(["tool_start", "tool_end"]);
        expect(stage.events).toContainEqual({ type: "status", text: "Making it" });
        expect(stage.events).toContainEqual(expect.objectContaining({ type: "text", text: "Made." }));
        expect(stage.driver.usage().calls).toBe(2);
        expect(stage.driver.usage().outputTokens).toBeGreaterThan(0);
        const exit = await stage.driver.stop({ graceMs: 5_000 });
        expect(exit).toMatchObject({ cancelled: true, forced: false, timedOut: false });
        expect(await stage.driver.exited).toEqual(exit);
      },
      timeoutMs,
    );

    test(
      "[C12] a message sent twice starts one turn; an interrupted turn says so and the next one runs",
      async () => {
        await using stage = await started([{ silent: true }, { text: "Second." }]);
        const [first, again] = await Promise.all([stage.driver.prompt(message("m1")), stage.driver.prompt(message("m1"))]);
        expect([first.ok, again.ok]).toEqual([true, true]);
        await stage.awaitEvent((event) => event.type === "turn_opened");
        expect(await stage.driver.interrupt()).toEqual({ ok: true, value: undefined });
        expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "interrupted" });
        expect(stage.modelCalls()).toBeLessThanOrEqual(1);
      },
      timeoutMs,
    );

    test(
      "[C12] an agent that dies gives its exit record, and later calls are refused",
      async () => {
        await using stage = await started([{ text: "Hello." }]);
        await stage.crash();
        expect(await stage.driver.exited).toMatchObject({ signal: "SIGKILL", cancelled: false, timedOut: false, forced: false });
        expect(await stage.driver.prompt(message("m1"))).toMatchObject({ ok: false, error: { code: "offline" } });
        expect(await stage.driver.interrupt()).toMatchObject({ ok: false, error: { code: "offline" } });
      },
      timeoutMs,
    );

    test("[C12] stopping what was never started is safe", async () => {
      await using stage = await open([]);
      expect(await stage.driver.stop({ graceMs: 0 })).toMatchObject({ cancelled: true });
      expect(await stage.driver.interrupt()).toMatchObject({ ok: false });
    });
  });
}
