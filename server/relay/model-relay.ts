/**
 * The model for runners that may not have its key. A run's call comes with its pass; it is looked into as the run's own gateway
 * does, because that runs where the key must not be, and counted before the run's next one is let through.
 */
import { refuse, type Ack, type Result } from "../../protocol/index.ts";
import { findEndpoint } from "../../protocol/model-api/dialects.ts";
import { checkRequest, readRequest } from "../../protocol/model-api/request-check.ts";
import type { Log, ModelGrant, TownCore } from "../core.ts";
import { starting } from "../http/starting.ts";
import { systemScheduler } from "../scheduler.ts";
import { RelayLoad } from "./relay-load.ts";
import { RelayedCall, type RelayedRequest } from "./relayed-call.ts";
import { UseBook } from "./use-book.ts";

/** As the gateways of runners take them. */
export const RELAYED_BYTES_MAX = 16 * 1024 * 1024;
/** How often it is looked whether those whose calls are under way may still call. */
const LOOK_EVERY_MS = 1_000;
/** Longer than a model thinks before it says a word: nothing has come from it, or nobody has taken it. */
const STILL_MS_MAX = 15 * 60_000;

export interface RelayOptions {
  core: () => TownCore | null;
  log: Log;
  now: () => number;
  /** In ms, from anywhere: nobody sets it. */
  mono: () => number;
}

/** A call as it came. */
export interface RelayedAsk {
  /** Of the API, below the relay's own. */
  path: string;
  headers: Headers;
  bytes: number;
  read: () => Promise<Result<string>>;
  signal: AbortSignal;
}

type Passing = RelayedRequest & { pass: string; free: () => void };

interface UnderWay {
  pass: string;
  /** When something of it passed, by the clock that nobody sets. */
  movedAt: number;
  cut: AbortController;
}

export class ModelRelay {
  readonly #options: RelayOptions;
  readonly #load = new RelayLoad();
  readonly #underWay = new Set<UnderWay>();
  readonly #book: UseBook;
  #callOffLook: (() => void) | null = null;
  #isStopped = false;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#book = new UseBook(options.log);
  }

  /** What the endpoint answers, or why the call is not passed on. */
  async answer(ask: RelayedAsk): Promise<Response | Ack<never>> {
    const core = this.#options.core();
    if (core === null || this.#isStopped) return starting();
    const found = findEndpoint(`/v1${ask.path}`);
    if (found === null) return refuse("not_found", "This is no address of a model's API.");
    const pass = found.dialect.tokenOf(ask.headers) ?? "";
    const granted = core.modelGrant(pass);
    if (!granted.ok) return granted;
    const { runId, models } = granted.value;
    const free = this.#load.take(runId, ask.bytes);
    if (typeof free === "string") return busy(free);
    try {
      const text = await ask.read();
      if (!text.ok) return ended(free, text);
      const checked = checkRequest(found.dialect, found.endpoint, readRequest(text.value));
      if (!checked.ok) return ended(free, refuse("invalid_body", checked.denied.message));
      const { model } = checked;
      if (!models.includes(model))
        return ended(
          free,
          refuse("forbidden", `This run may use ${models.join(", ")}, not ${model}.`),
        );
      // What the call before has used may be the last that the run may spend.
      if (!(await this.#book.settled(core, runId))) return ended(free, notWritten());
      const now = core.modelGrant(pass, model);
      if (!now.ok) return ended(free, now);
      if (this.#isStopped) return ended(free, starting());
      // Nothing has been asked of the endpoint for who hung up meanwhile.
      if (ask.signal.aborted) return ended(free, hungUp());
      const body = found.dialect.rewrite(checked.body);
      return await this.#pass(core, now.value, { ...ask, ...found, pass, model, body, free });
    } catch (error) {
      free();
      if (ask.signal.aborted) return hungUp();
      this.#options.log.warn({ runId, error: String(error) }, "a call was not passed on");
      return refuse(
        "model_unreachable",
        "The model's endpoint cannot be reached from the town. Try again.",
        {
          retryable: true,
        },
      );
    }
  }

  /** Ends what is under way; resolves when what it has used is written down. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { cut } of this.#underWay) cut.abort();
    this.#callOffLook?.();
    const core = this.#options.core();
    if (core !== null) await this.#book.allSettled(core);
  }

  #pass(core: TownCore, grant: ModelGrant, call: Passing): Promise<Response> {
    const { pass, free } = call;
    const { runId } = grant;
    const cut = new AbortController();
    const { now, mono } = this.#options;
    const mine: UnderWay = { pass, cut, movedAt: mono() };
    this.#underWay.add(mine);
    this.#look(core);
    const relayed = new RelayedCall(
      grant,
      { ...call, signal: AbortSignal.any([call.signal, cut.signal]) },
      {
        now,
        grantAgain: () => {
          const again = core.modelGrant(pass);
          return again.ok ? again.value : null;
        },
        used: (use) => this.#book.add(core, runId, use),
        troubled: (trouble) => this.#book.add(core, runId, trouble),
        moved: () => (mine.movedAt = mono()),
        ended: () => {
          free();
          this.#underWay.delete(mine);
        },
      },
    );
    return relayed.answer();
  }

  /**
   * Looks while there is something to look at: a pass ends with its run, and so does what it began; what a call came to
   * and no disk took is tried again.
   */
  #look(core: TownCore): void {
    if (this.#callOffLook !== null) return;
    this.#callOffLook = systemScheduler.after(LOOK_EVERY_MS, () => {
      this.#callOffLook = null;
      const stillSince = this.#options.mono() - STILL_MS_MAX;
      for (const { pass, cut, movedAt } of this.#underWay) {
        const granted = core.modelGrant(pass);
        const isNone = !granted.ok && granted.error.code === "unauthenticated";
        if (isNone || movedAt < stillSince) cut.abort();
      }
      void this.#book.allSettled(core);
      if (this.#underWay.size > 0 || this.#book.isWaiting) this.#look(core);
    });
  }
}

function ended(free: () => void, refused: Ack<never>): Ack<never> {
  free();
  return refused;
}

function busy(whose: "town" | "run"): Ack<never> {
  const who = whose === "run" ? "This run has" : "The town has";
  return refuse("busy", `${who} as many calls under way as it may. Try again.`, {
    retryable: true,
    minBackoffMs: 1_000,
  });
}

function hungUp(): Ack<never> {
  return refuse("offline", "Who called has hung up.");
}

function notWritten(): Ack<never> {
  return refuse("busy", "What the last call used could not be written down. Try again.", {
    retryable: true,
    minBackoffMs: 1_000,
  });
}
