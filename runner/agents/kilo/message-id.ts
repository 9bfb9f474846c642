/** Message ids in kilo's own form: it orders a conversation by them, so they must rise with time. Pure. */

const TIME_HEX_CHARS = 12;
const RANDOM_CHARS = 14;
const COUNTER_MAX = 0x1000;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** `counter` tells ids of one millisecond apart; `random` gives numbers in [0, 1). */
export function kiloMessageId(nowMs: number, counter: number, random: () => number): string {
  const stamp = BigInt(nowMs) * BigInt(COUNTER_MAX) + BigInt(counter % COUNTER_MAX);
  const time = (stamp & 0xffffffffffffn).toString(16).padStart(TIME_HEX_CHARS, "0");
  const tail = Array.from(
    { length: RANDOM_CHARS },
    () => ALPHABET[Math.floor(random() * ALPHABET.length)],
  ).join("");
  return `msg_${time}${tail}`;
}
