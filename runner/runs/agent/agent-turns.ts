/** Prompts an agent until it hands in a result: re-prompts, deadlines, a model in trouble, crashes and stops. */
import type { ExitRecord } from "../../../protocol/facts.ts";
import { sleep, type Clock, type TimeSource } from "../../clock.ts";
import {
  INTERRUPT_AGAIN_MS,
  INTERRUPT_MS_MAX,
  MODEL_RETRY_FIRST_MS,
  MODEL_RETRY_LAST_MS,
} from "../../config.ts";
import { backOffMs } from "../../session/back-off.ts";
import type { AgentHost, TurnClosed } from "./agent-host.ts";
import type { AgentRunSpec } from "./agent-job.ts";
import { ending, type Ending, type LiveRun } from "../live-run.ts";
import { lettersText } from "../mail-tray.ts";
import type { Expired } from "./turn-watch.ts";
import type { Workplace } from "../workplace.ts";

export interface TurnPlan<R> {
  first: string;
  /** How the stream shows the first prompt; by default as the machine's own words. */
  shown?: { from: "person"; text: string };
  reprompt: string;
  /** Resolves when the terminal tool was called and accepted. */
  result: Promise<R>;
  /** A turn has ended without a result: saves what there is; a result here ends the run without a re-prompt. */
  turnEnded(): Promise<R | null>;
  /** A turn has ended and the next begins at once, whatever comes of this. */
  goesOn?(): void;
}

export type TurnsEnd<R> = { kind: "result"; result: R } | { kind: "ended"; ending: Ending };

type Seen<R> =
  | { kind: "result"; result: R }
  | { kind: "closed"; reason: TurnClosed }
  | { kind: "expired"; what: Expired }
  /** Somebody has a word that does not wait for the end of the turn. */
  | { kind: "urgent" }
  | { kind: "ended"; ending: Ending }
  | { kind: "stopped" };

const AFTER_MODEL_TROUBLE = "The model could not be reached for a while. Go on where you were.";
const AFTER_SILENCE =
  "You had been silent for long and were interrupted. Look at what is there, and go on where you were.";
/** The agent's own record of the terminal call arrives within this time. */
const SETTLE_MS = 1_500;

/** As long as a result, an ending or a bug; a bug ends the agent before it is thrown on. */
export async function runTurns<R>(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  host: AgentHost,
  plan: TurnPlan<R>,
): Promise<TurnsEnd<R>> {
  try {
    return await takeTurns(place, run, host, plan);
  } catch (error) {
    await host.close(0);
    throw error;
  }
}

async function takeTurns<R>(
  place: Workplace,
  run: LiveRun<AgentRunSpec>,
  host: AgentHost,
  plan: TurnPlan<R>,
): Promise<TurnsEnd<R>> {
  const { limits } = run.spec;
  let text = plan.first;
  let reprompts = 0;
  const silence = new Silence(place.clock);
  for (let turn = 1, waits = 0; ; turn++) {
    const failed = await beginTurn(run, host, text, turn === 1 ? plan.shown : undefined);
    if (failed !== null) return ended(failed);
    let seen = await watchTurn(run, host, plan.result);
    const mayGoOn = turn < limits.turnsMax;
    const isSilent = seen.kind === "expired" && seen.what === "silent" && silence.first(run);
    if ((isSilent || seen.kind === "urgent") && mayGoOn) {
      seen = await interruptTurn(place.clock, run, host, plan.result);
      if (seen.kind === "closed") {
        text = isSilent ? AFTER_SILENCE : "";
        plan.goesOn?.();
        continue;
      }
    }
    if (seen.kind === "result") {
      await host.toolSettled(SETTLE_MS);
      return seen;
    }
    if (seen.kind === "ended") return seen;
    if (seen.kind === "stopped") return ended(stoppedEnding(run));
    if (seen.kind === "urgent") return ended(noResult(host, turn));
    if (seen.kind === "expired") return ended(expiredEnding(run, seen.what, turn));
    if (seen.reason === "error" && host.standing.waiting) {
      plan.goesOn?.();
      const backOff = { firstMs: MODEL_RETRY_FIRST_MS, lastMs: MODEL_RETRY_LAST_MS };
      const waitMs = backOffMs(++waits, backOff, place.random.unit());
      const end = await pause(place.clock, run, host, waitMs);
      if (end !== null) return ended(end);
      text = AFTER_MODEL_TROUBLE;
      continue;
    }
    if (run.mail.wantsTurn && mayGoOn) {
      // Somebody has something to say: that comes before any re-prompt, and is none.
      text = "";
      plan.goesOn?.();
      continue;
    }
    const closed = await plan.turnEnded();
    if (closed !== null) return { kind: "result", result: closed };
    if (reprompts >= limits.repromptsMax || !mayGoOn) return ended(noResult(host, turn));
    reprompts++;
    text = plan.reprompt;
  }
}

/** Hands the turn over, with what waits for the agent. An ending when it does not take it. */
async function beginTurn(
  run: LiveRun<AgentRunSpec>,
  host: AgentHost,
  text: string,
  shown: TurnPlan<unknown>["shown"],
): Promise<Ending | null> {
  run.rest();
  if (run.signal.aborted) return stoppedEnding(run);
  run.work();
  const letters = run.mail.take();
  const said = [text, lettersText(letters)].filter((part) => part !== "").join("\n\n");
  const sent = await host.prompt(said, shown ?? { from: "machine", text: said });
  if (!sent.ok)
    return ending("crashed", "agent_gone", `The agent did not take its turn: ${sent.message}`);
  run.markStarted();
  for (const { mailId } of letters) run.fact({ kind: "mail_seen", mailId });
  return null;
}

/** An agent that is silent is woken once; again only after its work has moved. */
class Silence {
  readonly #clock: TimeSource;
  #lastAt: number | null = null;

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  first(run: LiveRun): boolean {
    const now = this.#clock.mono();
    const isFirst = this.#lastAt === null || run.progressAgoMs < now - this.#lastAt;
    this.#lastAt = now;
    return isFirst;
  }
}

async function watchTurn<R>(run: LiveRun, host: AgentHost, result: Promise<R>): Promise<Seen<R>> {
  return await unlessStopped<R>(run, [
    ...endsOf<R>(host, result),
    host.expired.then((what) => ({ kind: "expired", what })),
    run.mail.urgent.then(() => ({ kind: "urgent" })),
  ]);
}

/** Ends the turn that runs, so that another can begin. What it hands in meanwhile counts. */
async function interruptTurn<R>(
  clock: Clock,
  run: LiveRun,
  host: AgentHost,
  result: Promise<R>,
): Promise<Seen<R>> {
  const late = Promise.withResolvers<Seen<R>>();
  const callOff = clock.after(INTERRUPT_MS_MAX, () =>
    late.resolve({ kind: "expired", what: "silent" }),
  );
  // Whatever it answers: its turn ends, or is late. A prompt that has not become a turn yet would be lost, and the agent with it.
  let againOff = () => undefined as void;
  const ask = () => {
    if (host.turnBegan) void host.driver.interrupt();
    againOff = clock.after(INTERRUPT_AGAIN_MS, ask);
  };
  ask();
  const seen = await unlessStopped<R>(run, [...endsOf<R>(host, result), late.promise]);
  callOff();
  againOff();
  return seen;
}

function endsOf<R>(host: AgentHost, result: Promise<R>): Promise<Seen<R>>[] {
  return [
    result.then((value) => ({ kind: "result", result: value })),
    host.turnClosed.then((reason) => ({ kind: "closed", reason })),
    host.standing.fatal.then((end) => ({ kind: "ended", ending: end })),
    host.driver.exited.then((exit) => ended(diedEnding(exit))),
  ];
}

async function unlessStopped<R>(
  run: LiveRun,
  others: readonly Promise<Seen<R>>[],
): Promise<Seen<R>> {
  const stopped = Promise.withResolvers<Seen<R>>();
  const onStop = () => stopped.resolve({ kind: "stopped" });
  if (run.signal.aborted) onStop();
  run.signal.addEventListener("abort", onStop, { once: true });
  const seen = await Promise.race<Seen<R>>([stopped.promise, ...others]);
  run.signal.removeEventListener("abort", onStop);
  return seen;
}

/** Waits, unless the run has to end first. */
async function pause(
  clock: Clock,
  run: LiveRun,
  host: AgentHost,
  ms: number,
): Promise<Ending | null> {
  const over = new AbortController();
  const waited = sleep(clock, ms, AbortSignal.any([run.signal, over.signal]));
  const end = await Promise.race([waited.then(() => null), host.standing.fatal]);
  over.abort();
  return run.signal.aborted ? stoppedEnding(run) : end;
}

function ended(end: Ending): { kind: "ended"; ending: Ending } {
  return { kind: "ended", ending: end };
}

/** How a run ends whose agent has ended by itself. */
export function diedEnding(exit: ExitRecord): Ending {
  const message = "The agent's process ended in the middle of its work.";
  return ending("crashed", "agent_died", message, { exit });
}

/** How a run that was ordered to stop ends. */
export function stoppedEnding(run: LiveRun): Ending {
  const order = run.stopOrder;
  if (order === null) throw new Error("a run without a stop order has not been stopped");
  return ending(order.outcome, order.code, order.message);
}

function expiredEnding(run: LiveRun, what: Expired, turn: number): Ending {
  if (what === "first_token" && turn === 1 && !run.moved) {
    const seconds = Math.round(run.spec.limits.firstTokenMs / 1000);
    return ending(
      "rejected",
      "first_token",
      `The model said nothing within ${seconds} s of its first turn.`,
      { details: { phase: "first_token" } },
    );
  }
  const seconds = Math.round(run.spec.limits.silenceMs / 1000);
  return ending(
    "no_result",
    "silent",
    `The agent gave no sign of life for ${seconds} s and was stopped. Its work is saved.`,
  );
}

function noResult(host: AgentHost, turns: number): Ending {
  const why = host.lastError === null ? "" : ` Its last turn ended with: ${host.lastError}`;
  return ending(
    "no_result",
    host.lastError === null ? "no_terminal_call" : "model_error",
    `The agent ended ${turns} turns without handing in a result.${why}`,
  );
}
