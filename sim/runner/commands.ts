/** Commands of rigs in memory: judged from the files of the tree they run in. */
import { sleep, type Clock } from "../../runner/clock.ts";
import type { Commands } from "../../runner/works/commands.ts";
import type { SimHostFiles } from "../git/host-files.ts";

export interface Judged {
  code: number;
  output: string;
  durationMs: number;
  /** The sandbox did not start. */
  broken?: boolean;
}

/** What a command line would say on these files; it may change them. */
export type JudgeCommand = (line: string, files: Map<string, string>) => Judged;

export function simCommands(host: SimHostFiles, clock: Clock, judge: JudgeCommand): Commands {
  return {
    run: async ({ line, place, timeoutMs, signal }) => {
      const files = host.filesAt(place.treeDir);
      if (files === undefined) return { kind: "not_started", message: "The tree is gone." };
      const { code, output, durationMs, broken = false } = judge(line, files);
      if (broken) return { kind: "not_started", message: output };
      const startedAt = clock.mono();
      await sleep(clock, Math.min(durationMs, timeoutMs), signal);
      const cancelled = signal.aborted;
      const timedOut = !cancelled && durationMs > timeoutMs;
      const forced = timedOut || cancelled;
      const how = forced ? { code: null, signal: "SIGKILL" } : { code, signal: null };
      const exit = { ...how, timedOut, cancelled, forced, durationMs: clock.mono() - startedAt };
      return { kind: "ran", exit, output };
    },
  };
}
