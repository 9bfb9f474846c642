/** What every agent driver must do. A driver's own test gives a stage on which a scripted model plays the agent's part. */
import { describe, expect, test } from "bun:test";
import type { AgentDriver, AgentEvent } from "./driver.ts";

export type ContractTurn = {
  text?: string;
  tool?: { name: string; arguments: Record<string, unknown> };
  silent?: boolean;
  /** What the model says that it was sent. */
  promptTokens?: number;
};

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

/** With `resume`, the agent's `turns` go on where those of the conversation ended. */
type OpenStage = (turns: readonly ContractTurn[], resume?: Uint8Array) => Promise<ContractStage>;

/**
 * `open` prepares a run whose model plays `turns`; it does not start the driver.
 * @param remembers whether its agents can be taken up elsewhere
 * @param tells what its agents tell of how full their conversation is
 */
export function driverContract(
  name: string,
  open: OpenStage,
  {
    timeoutMs,
    remembers,
    tells,
  }: { timeoutMs: number; remembers: boolean; tells: "summaries too" | "context" | "nothing" },
): void {
  describe(`driver contract: ${name}`, () => {
    const clause = (title: string, check: (open: OpenStage) => Promise<void>) =>
      test(title, () => check(open), timeoutMs);
    clause(
      "[C1] a turn is told from its opening to its end, and the town's tool is called",
      wholeTurn,
    );
    clause(
      "[C12] a message sent twice starts one turn, and an interrupted turn says so",
      interruptedTurn,
    );
    clause("[C12] an agent that dies gives its exit record, and later calls are refused", crash);
    if (remembers) {
      clause("[C10] another agent goes on with the conversation that one has left", goOn);
      clause("[C10] an agent does not begin with what is no conversation", refuseDamage);
    } else
      clause("[C10] an agent that remembers nothing says so", async (begin) => {
        await using stage = await begin([]);
        expect("snapshot" in stage.driver).toBe(false);
      });
    clause(
      tells === "nothing"
        ? "[C10] an agent that does not tell how full its conversation is leaves it open"
        : "[C10] an agent tells how much of its model's window its conversation takes",
      (begin) => contextUse(begin, tells !== "nothing"),
    );
    if (tells === "summaries too")
      clause("[C10] an agent whose conversation has become too long goes on, and says so", summary);
    clause("[C12] stopping what was never started, or is starting, is safe", earlyStop);
  });
}

const message = {
  text: "Bead: Contract\nBead id: b\nAttempt: 1\nRound: 1\n\nDo it.",
  messageId: "m1",
};
const isClosed = (event: AgentEvent) => event.type === "turn_closed";

async function started(open: OpenStage, turns: readonly ContractTurn[]): Promise<ContractStage> {
  const stage = await open(turns);
  expect(await stage.driver.prepare()).toEqual({ ok: true, value: undefined });
  expect(await stage.driver.start()).toMatchObject({ ok: true });
  return stage;
}

async function wholeTurn(open: OpenStage): Promise<void> {
  const done = { name: "gt_done", arguments: { summary: "made it" } };
  await using stage = await started(open, [
    { text: "# Making it\nNow.", tool: done },
    { text: "Made." },
  ]);
  const tools = await stage.driver.toolsRegistered();
  expect(tools.ok ? tools.value : []).toContain("gastown_gt_done");
  expect(await stage.driver.prompt(message)).toEqual({ ok: true, value: undefined });
  expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "completed" });
  expect(stage.toolCalls).toEqual([{ tool: "gt_done", args: { summary: "made it" } }]);
  const kinds = stage.events.map((event) => event.type);
  expect(kinds[0]).toBe("turn_opened");
  expect(kinds.filter((kind) => kind === "tool_start" || kind === "tool_end")).toEqual([
    "tool_start",
    "tool_end",
  ]);
  expect(stage.events).toContainEqual({ type: "status", text: "Making it" });
  expect(stage.events).toContainEqual(expect.objectContaining({ type: "text", text: "Made." }));
  expect(stage.driver.usage().calls).toBe(2);
  expect(stage.driver.usage().outputTokens).toBeGreaterThan(0);
  const exit = await stage.driver.stop({ graceMs: 5_000 });
  expect(exit).toMatchObject({ cancelled: true, forced: false, timedOut: false });
  expect(await stage.driver.exited).toEqual(exit);
}

async function interruptedTurn(open: OpenStage): Promise<void> {
  await using stage = await started(open, [{ silent: true }]);
  const sent = await Promise.all([stage.driver.prompt(message), stage.driver.prompt(message)]);
  expect(sent.map((each) => each.ok)).toEqual([true, true]);
  await stage.awaitEvent((event) => event.type === "turn_opened");
  expect(await stage.driver.interrupt()).toEqual({ ok: true, value: undefined });
  expect(await stage.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "interrupted" });
  expect(stage.modelCalls()).toBeLessThanOrEqual(1);
}

/** Which answer comes next says how much of the conversation the model was sent. */
async function goOn(open: OpenStage): Promise<void> {
  const turns = [{ text: "One." }, { text: "Two." }];
  await using first = await started(open, turns);
  await first.driver.prompt(message);
  await first.awaitEvent(isClosed);
  const taken = await first.driver.snapshot?.();
  if (taken?.ok !== true) throw new Error("the conversation was not taken");
  await first.driver.stop({ graceMs: 5_000 });
  await using second = await open(turns, taken.value);
  expect(await second.driver.start()).toMatchObject({ ok: true });
  await second.driver.prompt({ ...message, messageId: "m2" });
  expect(await second.awaitEvent(isClosed)).toEqual({ type: "turn_closed", reason: "completed" });
  const said = second.events.flatMap((event) => (event.type === "text" ? [event.text] : []));
  expect(said).toEqual(["Two."]);
}

async function refuseDamage(open: OpenStage): Promise<void> {
  await using stage = await open([{ text: "One." }], new Uint8Array(1_000).fill(7));
  expect(await stage.driver.start()).toMatchObject({ ok: false });
  expect(await stage.driver.prompt(message)).toMatchObject({ ok: false });
}

const SENT_TOKENS = 12_000;
const TOO_MANY_TOKENS = 1_000_000;

async function contextUse(open: OpenStage, isTold: boolean): Promise<void> {
  await using stage = await started(open, [{ text: "One.", promptTokens: SENT_TOKENS }]);
  await stage.driver.prompt(message);
  await stage.awaitEvent(isClosed);
  const told = stage.events.filter((event) => event.type === "context");
  if (!isTold) return expect(told).toEqual([]);
  const last = told.at(-1);
  expect(last?.tokens).toBeGreaterThanOrEqual(SENT_TOKENS);
  expect(last?.windowTokens ?? Infinity).toBeGreaterThan(SENT_TOKENS);
}

/** The model says of its first answer that the conversation has filled its window. */
async function summary(open: OpenStage): Promise<void> {
  const turns = [{ text: "One.", promptTokens: TOO_MANY_TOKENS }, { text: "Two." }];
  await using stage = await started(open, turns);
  await stage.driver.prompt(message);
  await stage.awaitEvent(isClosed);
  expect(stage.events).not.toContainEqual({ type: "compacted" });
  const before = stage.events.length;
  await stage.driver.prompt({ text: "Go on.", messageId: "m2" });
  await stage.awaitEvent((event) => stage.events.indexOf(event) >= before && isClosed(event));
  const after = stage.events.slice(before);
  expect(after).toContainEqual({ type: "compacted" });
  expect(after.findLast((event) => event.type === "context")?.tokens).toBeLessThan(SENT_TOKENS);
}

async function crash(open: OpenStage): Promise<void> {
  await using stage = await started(open, [{ text: "Hello." }]);
  await stage.crash();
  const exit = await stage.driver.exited;
  expect(exit).toMatchObject({
    signal: "SIGKILL",
    cancelled: false,
    timedOut: false,
    forced: false,
  });
  expect(await stage.driver.prompt(message)).toMatchObject({
    ok: false,
    error: { code: "offline" },
  });
  expect(await stage.driver.interrupt()).toMatchObject({ ok: false, error: { code: "offline" } });
}

async function earlyStop(open: OpenStage): Promise<void> {
  await using never = await open([]);
  expect(await never.driver.stop({ graceMs: 0 })).toMatchObject({ cancelled: true });
  expect(await never.driver.interrupt()).toMatchObject({ ok: false });
  await using starting = await open([]);
  const start = starting.driver.start();
  expect(await starting.driver.stop({ graceMs: 0 })).toMatchObject({ cancelled: true });
  expect(await start).toMatchObject({ ok: false });
}
