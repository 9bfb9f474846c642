/** A promise that is waited for no longer than it may take. */

/** What comes first: the promise's end, or `timeoutMs`. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | "late"> {
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), timeoutMs);
  const first = await Promise.race([promise, late.promise]);
  clearTimeout(timer);
  return first;
}
