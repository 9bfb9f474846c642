/** What every transport between a runner and its town must do. */
import { heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import { ok, refuse, type Ack, type ErrorBody } from "../../../protocol/error.ts";
import type {
  DownEvent,
  FrameListeners,
  TownLink,
  Transport,
  UpEvent,
} from "../../../runner/session/transport.ts";

export interface TransportStage extends AsyncDisposable {
  transport: Transport;
  /** The town's answer to a frame; one that never settles is no answer. */
  answer: (event: UpEvent, frame: unknown) => Promise<Ack>;
  /** While set, the town lets nobody in and says this. */
  refusal: ErrorBody | null;
  /** The town sends a frame to the runner that is connected. */
  ask(event: DownEvent, frame: object): Promise<unknown>;
  /** The town cuts the connection. */
  cut(): void;
  /** Resolves when the town has seen the connection go. */
  gone: Promise<void>;
  /** Lets time go on until it settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

export type OpenTransport = () => Promise<TransportStage>;

const ANSWER_MS = 5_000;
const never = new AbortController().signal;
const unheard = (): Promise<Ack> => Promise.resolve(refuse("internal", "Nobody listens."));
const deaf: FrameListeners = {
  offer: unheard,
  stop: unheard,
  turn: unheard,
  mail: unheard,
  forget: unheard,
  purge: unheard,
  browse: unheard,
  diff: unheard,
  try_remote: unheard,
  terminal: unheard,
};

async function connect(stage: TransportStage, listeners = deaf): Promise<TownLink> {
  const opened = await stage.settle(stage.transport.open(listeners, never));
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

export function transportContract(name: string, open: OpenTransport): void {
  describe(`transport contract: ${name}`, () => {
    const clause = (title: string, check: (open: OpenTransport) => Promise<void>) =>
      test(title, () => check(open));
    clause("[C6] frames are answered both ways, in the order in which they were sent", bothWays);
    clause("[C6] an answer that does not come in time is late, and the connection stays", late);
    clause("[C6] a cut connection ends every question, says so once, and stays ended", cutOff);
    clause("[R7] answered questions leave nothing behind while the connection lasts", leaving);
    clause("[C6] a connection that the runner closes is gone for the town too", closing);
    clause("[C6] a town that lets nobody in says why; a runner that stops is not let in", refused);
  });
}

async function bothWays(open: OpenTransport): Promise<void> {
  await using stage = await open();
  const seen: unknown[] = [];
  stage.answer = (event, frame) => {
    seen.push([event, frame]);
    return Promise.resolve(ok({ n: seen.length }));
  };
  const offer = (frame: unknown): Promise<Ack> => Promise.resolve(ok({ echo: frame }));
  const link = await connect(stage, { ...deaf, offer });
  const asked = [1, 2, 3].map((n) => link.ask("facts", { n }, ANSWER_MS));
  const answers = await stage.settle(Promise.all(asked));
  expect(answers).toEqual([1, 2, 3].map((n) => ({ kind: "answered", value: ok({ n }) })));
  expect(seen).toEqual([1, 2, 3].map((n) => ["facts", { n }]));
  const echo = await stage.settle(stage.ask("offer", { text: "ü", none: null }));
  expect(echo).toEqual(ok({ echo: { text: "ü", none: null } }));
}

async function late(open: OpenTransport): Promise<void> {
  await using stage = await open();
  const given = Promise.withResolvers<Ack>();
  stage.answer = (event) => (event === "tool" ? given.promise : Promise.resolve(ok(null)));
  const link = await connect(stage);
  expect(await stage.settle(link.ask("tool", {}, 20))).toEqual({ kind: "late" });
  given.resolve(ok("too late"));
  const next = await stage.settle(link.ask("heartbeat", {}, ANSWER_MS));
  expect(next).toEqual({ kind: "answered", value: ok(null) });
  expect(link.isOpen).toBe(true);
}

async function cutOff(open: OpenTransport): Promise<void> {
  await using stage = await open();
  stage.answer = () => new Promise<never>(() => undefined);
  const link = await connect(stage);
  const asked = link.ask("facts", {}, ANSWER_MS);
  stage.cut();
  expect(await stage.settle(asked)).toEqual({ kind: "gone" });
  expect(await stage.settle(link.closed)).not.toBe("");
  expect(link.isOpen).toBe(false);
  expect(await stage.settle(link.ask("facts", {}, ANSWER_MS))).toEqual({ kind: "gone" });
}

const QUESTIONS = 400;

async function leaving(open: OpenTransport): Promise<void> {
  await using stage = await open();
  stage.answer = () => Promise.resolve(ok("x".repeat(100)));
  const link = await connect(stage);
  const promises = async (): Promise<number> => {
    for (let n = 0; n < QUESTIONS; n++) await stage.settle(link.ask("heartbeat", {}, ANSWER_MS));
    Bun.gc(true);
    return heapStats().objectTypeCounts["Promise"] ?? 0;
  };
  const before = await promises();
  expect((await promises()) - before).toBeLessThan(QUESTIONS / 2);
}

async function closing(open: OpenTransport): Promise<void> {
  await using stage = await open();
  stage.answer = () => new Promise<never>(() => undefined);
  const link = await connect(stage);
  const asked = link.ask("facts", {}, ANSWER_MS);
  link.close("enough");
  link.close("again");
  expect(link.isOpen).toBe(false);
  expect(await stage.settle(link.closed)).toBe("enough");
  expect(await stage.settle(asked)).toEqual({ kind: "gone" });
  await stage.settle(stage.gone);
}

async function refused(open: OpenTransport): Promise<void> {
  await using stage = await open();
  stage.refusal = refuse("unauthenticated", "Who are you?").error;
  const opened = await stage.settle(stage.transport.open(deaf, never));
  expect(opened).toEqual({ ok: false, error: stage.refusal });
  stage.refusal = null;
  const stopped = await stage.settle(stage.transport.open(deaf, AbortSignal.abort()));
  expect(stopped).toMatchObject({ ok: false, error: { code: "offline", retryable: true } });
}
