/** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function untilStopped(): Promise<"SIGINT" | "SIGTERM" | "SIGHUP"> {
  const { promise, resolve } = Promise.withResolvers<"SIGINT" | "SIGTERM" | "SIGHUP">();
  let asked = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (asked) process.exit(signal === "SIGINT" ? 130 : 143);
      asked = true;
      resolve(signal);
    });
  }
  return promise;
}
