/** A loopback TCP port that is free now. Another process may take it before it is used: callers retry. */

export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: ignore } });
  const port = listener.port;
  listener.stop(true);
  return port;
}

/** Nobody ever connects. */
function ignore(): undefined {
  return undefined;
}
