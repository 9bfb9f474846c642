/**
 * What is known of the model's provider, per lane: `agents` for work and reviews, `mayor` for the Mayor, who has a lane
 * of his own. A provider that asks to slow down is left alone by a whole lane, then tried by one run at a time until one
 * of them has moved. None of it counts for or against a bead. Source: runs.md, throttle and quota.
 */
import type { FailureReason, Outcome } from "../../protocol/index.ts";
import { backOffMs } from "./backoff.ts";
import type { Policy } from "./policy.ts";

export type Lane = "agents" | "mayor";
export type Trouble = "throttled" | "quota" | "unreachable" | "refused";

/** What the town itself saw of the model's endpoint when a call through it failed. */
export interface SeenTrouble {
  trouble: Trouble;
  /** As the endpoint asked; null: it did not. */
  retryAfterMs: number | null;
}

export interface ProviderView {
  lane: Lane;
  state: Trouble;
  since: number;
  /** When it is tried again; null: when a person has changed the model's settings. */
  untilAt: number | null;
  /** While it is being tried again: when the next run may be offered. */
  releaseAt: number;
  strikes: number;
  strikeAt: number;
  message: string;
  model: string | null;
}

const BY_CODE: Readonly<Record<string, Trouble>> = {
  model_auth: "refused",
  model_unknown: "refused",
  model_unreachable: "unreachable",
};

/** What the end of a run says of the provider, or null. */
export function troubleOf(outcome: Outcome | null, code: string | null): Trouble | null {
  if (outcome === "throttled" || outcome === "quota") return outcome;
  return outcome === "rejected" && code !== null ? (BY_CODE[code] ?? null) : null;
}

/** The lane after one more run that ended so. Runs of the same storm are one strike. */
export function struck(
  lane: Lane,
  before: ProviderView | undefined,
  end: { trouble: Trouble; reason: FailureReason | null; model: string | null },
  { now, policy }: { now: number; policy: Policy },
): ProviderView {
  const { trouble, reason, model } = end;
  const same = before?.state === trouble ? before : undefined;
  const isStorm = same !== undefined && same.untilAt !== null && now < same.untilAt;
  const strikes = isStorm ? same.strikes : (same?.strikes ?? 0) + 1;
  const untilAt = waitUntil({ trouble, strikes, lane, asked: askedMs(reason) }, now, policy);
  const known = isStorm && same.untilAt !== null && untilAt !== null;
  return {
    lane,
    state: trouble,
    since: same?.since ?? now,
    untilAt: known ? Math.max(same.untilAt ?? 0, untilAt) : untilAt,
    releaseAt: 0,
    strikes,
    strikeAt: now,
    message: reason?.message ?? "",
    model,
  };
}

type Wait = { trouble: Trouble; strikes: number; lane: Lane; asked: number };

function waitUntil(
  { trouble, strikes, lane, asked }: Wait,
  now: number,
  policy: Policy,
): number | null {
  if (trouble === "refused") return null;
  if (trouble === "quota") return now + (asked || policy.quotaRetryMs);
  const growing = { ...policy, backOffBaseMs: policy.throttleBaseMs };
  return now + Math.max(asked, backOffMs(strikes, lane, growing));
}

/** How long the provider asked to be left alone, in ms; 0 when it did not say. */
function askedMs(reason: FailureReason | null): number {
  const asked = reason?.details?.["retryAfterMs"];
  return typeof asked === "number" && asked > 0 ? asked : 0;
}

/** It is left alone: nothing of this lane is offered. */
export function isPaused(provider: ProviderView, now: number): boolean {
  return provider.untilAt === null || now < provider.untilAt;
}

/** Whether the next run of the lane has to wait although the pause is over: they are released one by one. */
export function mustStagger(provider: ProviderView, now: number): boolean {
  return !isPaused(provider, now) && now < provider.releaseAt;
}

/** Quota of one model leaves the fallback model free. */
export function usesFallback(
  provider: ProviderView | undefined,
  fallback: string | null,
  now: number,
): boolean {
  return (
    provider?.state === "quota" &&
    fallback !== null &&
    fallback !== provider.model &&
    isPaused(provider, now)
  );
}

const WORDS: Readonly<Record<Trouble, string>> = {
  throttled: "the model's provider asks to slow down",
  quota: "the model's quota is used up",
  unreachable: "the model cannot be reached",
  refused: "the model's endpoint refuses its key or name: change the model settings",
};

export function providerWords({ state }: ProviderView): string {
  return WORDS[state];
}
