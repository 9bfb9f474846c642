import type { Policy } from "./policy.ts";

/**
 * Wait before try number `failures` + 1, in ms: doubles from the base to the cap, then falls by up to
 * a fifth, so that neighbours do not wake together. The jitter comes from `seed` (an id), because
 * the decision that uses it must be repeatable.
 */
export function backOffMs(failures: number, seed: string, policy: Policy): number {
  const full = Math.min(policy.backOffMaxMs, policy.backOffBaseMs * 2 ** Math.max(0, failures - 1));
  return Math.round(full * (1 - 0.2 * fraction(`${seed}:${failures}`)));
}

/** FNV-1a of the text as a fraction in [0, 1). */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash ^= text.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
