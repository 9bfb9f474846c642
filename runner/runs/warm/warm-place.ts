/** What is needed to make something ready, of what every run works with. */
import type { OpenDoors } from "../../agents/doors.ts";
import type { AgentDriver, AgentSpec } from "../../agents/driver.ts";
import type { Clock, Random } from "../../clock.ts";
import type { HostGauge } from "../../host/host-gauge.ts";
import type { Log } from "../../log.ts";
import type { SandboxMode } from "../../sandbox/sandbox-spec.ts";
import type { RigDesk } from "../../works/rig-desk.ts";
import type { Works } from "../../works/works.ts";

export interface WarmPlace {
  works: Works;
  rigs: RigDesk;
  isolation: SandboxMode;
  host: HostGauge;
  hide: readonly string[];
  openDoors: OpenDoors;
  createDriver(spec: AgentSpec): AgentDriver | { missing: string };
  clock: Clock;
  random: Random;
  log: Log;
}
