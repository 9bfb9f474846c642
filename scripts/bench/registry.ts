// Every bench, in the order in which they run.
import type { Bench } from "./bench.ts";
import { p1Commands } from "./p1-commands.ts";
import { p2Sling } from "./p2-sling.ts";
import { p3Tick } from "./p3-tick.ts";
import { p10Simulation } from "./p10-simulation.ts";
import { p11FirstCall } from "./p11-first-call.ts";
import { p14Gateway } from "./p14-gateway.ts";
import { p15FirstRequest } from "./p15-first-request.ts";
import { p4Streams } from "./p4-streams.ts";
import { p5Terminal } from "./p5-terminal.ts";
import { p7Start } from "./p7-start.ts";
import { p8Idle } from "./p8-idle.ts";
import { r7Soak } from "./r7-soak.ts";

export const benches: readonly Bench[] = [
  p1Commands,
  p2Sling,
  p3Tick,
  p4Streams,
  p5Terminal,
  p7Start,
  p8Idle,
  p10Simulation,
  p11FirstCall,
  p14Gateway,
  p15FirstRequest,
  r7Soak,
];
