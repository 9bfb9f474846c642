/** Counts, tokens and money in few characters. Pure. */
import type { ContextUse, UsageTotals } from "../../protocol/index.ts";

/** `940`, `12.4k`, `3.1M`. */
export function compact(count: number): string {
  if (count < 1_000) return String(count);
  if (count < 999_500) return `${trim(count / 1_000)}k`;
  return `${trim(count / 1_000_000)}M`;
}

function trim(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

/** Dollars; what costs something never reads as nothing. */
export function money(usd: number): string {
  if (usd === 0) return "$0";
  if (usd < 0.01) return "<$0.01";
  return usd < 100 ? `$${usd.toFixed(2)}` : `$${Math.round(usd)}`;
}

/** What calls cost; those without a price are said, since they are not free. */
export function spent({ costUsd, calls, unpricedCalls }: UsageTotals): string {
  if (unpricedCalls === 0) return money(costUsd);
  if (unpricedCalls === calls) return "unpriced";
  return `${money(costUsd)} + ${unpricedCalls} unpriced`;
}

export function tokensOf(usage: UsageTotals): number {
  return (
    usage.inputTokens +
    usage.outputTokens +
    usage.reasoningTokens +
    usage.cacheReadTokens +
    usage.cacheWriteTokens
  );
}

/** `62% of context`, from half of it on; before that nobody need know. */
export function fullWords(use: ContextUse | null): string | null {
  if (use === null || use.windowTokens === null || 2 * use.tokens < use.windowTokens) return null;
  return `${Math.round((100 * use.tokens) / use.windowTokens)}% of context`;
}

/** `84k of 200k tokens · 42% · summarised once`. */
export function contextWords({ tokens, windowTokens, compactions }: ContextUse): string {
  const used =
    windowTokens === null
      ? `${compact(tokens)} tokens`
      : `${compact(tokens)} of ${compact(windowTokens)} tokens · ${Math.round((100 * tokens) / windowTokens)}%`;
  if (compactions === 0) return used;
  return `${used} · summarised ${compactions === 1 ? "once" : `${compactions} times`}`;
}

/** `1 bead`, `4 beads`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** `420 MB`, `1.4 GB`, `52 GB`. */
export function bytes(amount: number): string {
  const gigabytes = amount / 1024 ** 3;
  if (gigabytes < 1) return `${Math.round(amount / 1024 ** 2)} MB`;
  return `${gigabytes < 10 ? gigabytes.toFixed(1) : Math.round(gigabytes)} GB`;
}
