import type { CommandValue, Result } from "../protocol/index.ts";
import type { AuthPort, Clock, Log, Random, RunnerPort, Scheduler } from "./core.ts";
import type { Policy } from "./model/policy.ts";
import type { Blobs } from "./store/blobs/blobs.ts";
import type { RawDatabase } from "./store/database.ts";

export type ModelTest = (endpoint: {
  provider: "kilo" | "openai-compatible" | "scripted";
  baseUrl: string;
  key: string | null;
  model: string;
}) => Promise<Result<CommandValue<"model.test">>>;

export interface TownOptions {
  /** Where the data is: an existing directory that this process holds, or databases opened by their owner. */
  data: string | { town: RawDatabase; events: RawDatabase };
  /** Where large things are; beside the databases unless given. */
  blobs?: Blobs;
  clock: Clock;
  random: Random;
  /** The host's unless given. */
  scheduler?: Scheduler;
  log: Log;
  auth: AuthPort;
  runnerPort: RunnerPort;
  appVersion: string;
  demo: boolean;
  policy?: Partial<Policy>;
  /** The scripted model that runs beside this town: it becomes the model setting of each start. */
  scriptedModel?: { baseUrl: string; model: string };
  /** Who the work is done for; commits carry it. */
  author?: { name: string; email: string };
  modelTest: ModelTest;
  /** The link that carries a one-time login token. */
  loginUrl?: (token: string) => string;
}
