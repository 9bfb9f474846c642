/** Of a longer one people see the end, to tell it from another. */
const TAIL_CHARS = 4;
const TAIL_FROM_CHARS = 16;

/** What people are shown of a secret; empty: nothing. */
export function tailOf(secret: string): string {
  return secret.length >= TAIL_FROM_CHARS ? secret.slice(-TAIL_CHARS) : "";
}
