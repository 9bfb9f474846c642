import { expect, test } from "bun:test";
import { NO_ENVIRONMENT } from "../../../protocol/entities/rig-environment.ts";
import type { RunSpecOf } from "../../../protocol/run-spec.ts";
import { rigSpec, workSpec } from "../../../tests/integration/runner/specs.ts";
import { agentMayWait, demandOf } from "./demand.ts";

const rig = rigSpec("/remote.git");
const spec = (more: Partial<RunSpecOf<"work">> = {}, ofRig: Partial<typeof rig> = {}) =>
  workSpec({ ...rig, ...ofRig }, more);
const model = { model: "scripted", smallModel: "scripted", scripted: true };

const withServer = {
  ...NO_ENVIRONMENT,
  toolServers: { polecat: { docs: "node docs.js" }, refinery: {} },
};

test("[C21] what was made ready is for runs that demand just that: rig, program, models, variables, network", () => {
  const mine = demandOf(spec());
  expect(demandOf(spec({ carries: [], contains: ["a".repeat(40)] }))).toBe(mine);
  const others = [
    spec({ program: "opencode" }),
    spec({ model: { ...model, model: "other" } }),
    spec({ model: { ...model, smallModel: "other" } }),
    spec({}, { remote: "/elsewhere.git" }),
    spec({}, { target: "next" }),
    spec({}, { egress: "open" }),
    spec({}, { isolationConfirmed: false }),
    spec({}, { environment: { ...NO_ENVIRONMENT, variables: { A: "1" } } }),
    spec({}, { environment: { ...NO_ENVIRONMENT, ports: 2 } }),
    spec({}, { environment: withServer }),
    workSpec(rigSpec("/remote.git")),
  ];
  for (const other of others) expect(demandOf(other)).not.toBe(mine);
  expect(new Set(others.map(demandOf)).size).toBe(others.length);
});

test("[C21] an agent waits only where all that it is started with is known before its run", () => {
  expect(agentMayWait(spec())).toBe(true);
  expect(agentMayWait(spec({}, { egress: ["registry.npmjs.org:443"] }))).toBe(true);
  expect(agentMayWait(spec({}, { environment: { ...NO_ENVIRONMENT, ports: 1 } }))).toBe(false);
  expect(agentMayWait(spec({}, { environment: withServer }))).toBe(false);
});
