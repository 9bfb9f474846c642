// A town's core in this process, without sockets and runner, on a data directory of the caller's.
import { openAuth } from "../../../server/auth/auth.ts";
import type { Policy } from "../../../server/model/policy.ts";
import { openTown } from "../../../server/town.ts";
import type { TownCore } from "../../../server/core.ts";
import {
  refuse,
  type CommandInput,
  type CommandName,
  type CommandValue,
} from "../../../protocol/index.ts";

export interface Core extends AsyncDisposable {
  core: TownCore;
  /** @throws with the town's sentence when it refuses */
  call<N extends CommandName>(name: N, body: CommandInput<N>): Promise<CommandValue<N>>;
}

const OWNER = { principal: "owner", actor: "person:owner" } as const;
const offline = () => Promise.resolve(refuse("offline", "there is no runner here."));
const quiet = (): void => undefined;

export async function openCore(dataDir: string, policy: Partial<Policy> = {}): Promise<Core> {
  const ports = {
    clock: { now: () => Date.now(), mono: () => performance.now() },
    random: {
      unit: () => Math.random(),
      bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
    },
  };
  const auth = openAuth({ dataDir, ...ports, keyFile: `${dataDir}/key` });
  const town = await openTown({
    data: dataDir,
    ...ports,
    auth,
    policy,
    log: { debug: quiet, info: quiet, warn: quiet, error: complain },
    runnerPort: {
      offer: offline,
      stop: offline,
      turn: offline,
      mail: offline,
      forget: offline,
      purge: offline,
      browse: offline,
      diff: offline,
      tryRemote: offline,
      close: quiet,
    },
    appVersion: "bench",
    demo: false,
    modelTest: () => Promise.resolve(refuse("offline", "there is no model here.")),
  });
  return {
    core: town.core,
    async call<N extends CommandName>(name: N, body: CommandInput<N>) {
      const ack = await town.core.call(name, body, OWNER);
      if (!ack.ok) throw new Error(`${name}: ${ack.error.message}`);
      return ack.value as CommandValue<N>;
    },
    async [Symbol.asyncDispose]() {
      await town.stop();
      auth.close();
    },
  };
}

/** An error of the loop would make a figure worthless. */
function complain(fields: Record<string, unknown>, message: string): void {
  console.error(message, JSON.stringify(fields));
}
