/** What every driver of an agent's process does alike. */
import { existsSync } from "node:fs";
import { refuse, type Result } from "../../protocol/error.ts";
import type { ManagedProcess } from "../process/process.ts";
import type { Reachable } from "../sandbox/sandbox-spec.ts";
import type { AgentSpec } from "./driver.ts";

/** Of what an agent's process says of its troubles. */
export const STDERR_BYTES_MAX = 64 * 1024;
const STDERR_TAIL_CHARS = 600;

/** Fails with `unsupported` while the program, or a place that the run needs, is not there. */
export function checkPlaces(
  program: string,
  { readOnly, readWrite }: Pick<AgentSpec, "readOnly" | "readWrite">,
): Result<void> {
  const missing = [program, ...readOnly, ...readWrite].find((path) => !existsSync(path));
  if (missing === undefined) return { ok: true, value: undefined };
  return refuse("unsupported", `${missing} does not exist, so the agent cannot be started.`);
}

/** The end of what it said of its troubles. */
export function saidBy({ stderr }: ManagedProcess): string {
  return stderr.trim().slice(-STDERR_TAIL_CHARS);
}

/** A line of a rig's people as a command; the shell becomes what it starts, as far as it can. */
export function shellCommand(line: string): [string, ...string[]] {
  return ["/bin/sh", "-c", line];
}

/** Every server of the runner that the agent may reach. */
export function socketsOf({ gateway, tools }: AgentSpec, egress: Reachable | null): Reachable[] {
  const always = [gateway.reachable, tools.reachable];
  return egress === null ? always : [...always, egress];
}
