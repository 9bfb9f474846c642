/** The browser's clock and chance, as small ports, so that what uses them can be tested without either. */
export interface Ports {
  /** Wall clock, ms since 1970. */
  now(): number;
  /** A fresh idempotency key. */
  newKey(): string;
  /** Runs `action` once after `delayMs`; the answer takes it back. */
  later(delayMs: number, action: () => void): () => void;
}

export const browserPorts: Ports = {
  now: () => Date.now(),
  newKey: () => `web-${crypto.getRandomValues(new BigUint64Array(2)).join("-")}`,
  later(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
