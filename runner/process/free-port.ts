/** A loopback TCP port that is free now. Another process may take it before it is used: callers retry. */

export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: ignore } });
  const port = listener.port;
  listener.stop(true);
  return port;
}

/** Whether nobody listens on this loopback port now. */
export function isFreePort(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: ignore } }).stop(true);
    return true;
  } catch {
    // Taken, or not ours to take: another one is as good.
    return false;
  }
}

/** Nobody ever connects. */
function ignore(): undefined {
  return undefined;
}
