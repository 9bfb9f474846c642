import { expect, test } from "bun:test";
import { NO_ENVIRONMENT } from "../../protocol/index.ts";
import { draftOfEnvironment, environmentSet } from "./environment-draft.ts";

test("[C25] what a rig's environment form shows is what it sends, and a line without = is named", () => {
  const environment = {
    ...NO_ENVIRONMENT,
    variables: { MODE: "fast", FLAGS: "--a=b" },
    copies: [{ from: "/home/ada/.env", to: "config/.env" }],
    ports: 2,
    teardown: "make down",
    toolServers: { polecat: { docs: "node docs.js --at=main" }, refinery: {} },
    instructions: { polecat: "Write tests first.", refinery: null },
  };
  const { variables, copies, ports, teardown, instructions, toolServers } = environment;
  const draft = draftOfEnvironment(environment);
  expect(environmentSet(draft)).toEqual({
    set: { variables, copies, ports, teardown, instructions, toolServers },
  });
  expect(environmentSet({ ...draft, variables: "MODE=fast\nsloppy" })).toEqual({
    unreadable: "sloppy",
  });
});
