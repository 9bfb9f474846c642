import type { ModelPrice } from "../../protocol/index.ts";

/** What may be spent. All classes of tokens count; a limit of 0 or null is none. */
export interface Limit {
  microUsd: number | null;
  tokens: number | null;
}

export interface Spend {
  microUsd: number;
  tokens: number;
}

/** What something has cost, with what it may cost. */
export interface Cost extends Spend {
  limit: Limit;
  /** People were warned that it comes to its end. */
  warned: boolean;
}

/** Spending was warned of from here on, in parts of a hundred. */
const WARN_PERCENT = 80;
const DAY_MS = 24 * 3_600_000;

/** In words, which limit is used up, or null. */
export function usedUp(cost: Cost): string | null {
  return reached(cost, 100);
}

/** In words, which limit comes to its end, or null. */
export function nearEnd(cost: Cost): string | null {
  return reached(cost, WARN_PERCENT);
}

function reached({ microUsd, tokens, limit }: Cost, percent: number): string | null {
  const part = percent / 100;
  if (limit.microUsd && microUsd >= limit.microUsd * part)
    return `${dollars(microUsd)} of ${dollars(limit.microUsd)} are spent`;
  if (limit.tokens && tokens >= limit.tokens * part)
    return `${tokens} of ${limit.tokens} tokens are spent`;
  return null;
}

function dollars(microUsd: number): string {
  return `$${(microUsd / 1e6).toFixed(2)}`;
}

/** The day that a time belongs to, counted from 1970 in UTC. */
export function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}

/** When the next day begins, in UTC. */
export function nextDayAt(at: number): number {
  return (dayOf(at) + 1) * DAY_MS;
}

export interface TokenClasses {
  inputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
}

/**
 * What a model call costs, in millionths of a dollar; a price in dollars per million tokens is these per token. What the
 * endpoint itself named wins; null without either: a call that is unpriced is not free. Reasoning is paid as output, a
 * cache class without a price as input.
 */
export function costMicroUsd(
  used: TokenClasses,
  reportedUsd: number | null,
  price: ModelPrice | undefined,
): number | null {
  if (reportedUsd !== null) return Math.round(reportedUsd * 1e6);
  if (price === undefined) return null;
  const { input, output, cacheRead = input, cacheWrite = input } = price;
  return Math.round(
    used.inputTokens * input +
      (used.outputTokens + used.reasoningTokens) * output +
      used.cacheReadTokens * cacheRead +
      used.cacheWriteTokens * cacheWrite,
  );
}
