import { expect, test } from "bun:test";
import { laneMessage, parseLaneMessage } from "./lane.ts";

test("[D2] a lane's message says issuer, fence, run and step, and nothing else is read as one", () => {
  const mark = { issuer: "tw_01-3", fence: 12, runId: "rn_abc", step: 7 };
  expect(parseLaneMessage(`tree x\n\n${laneMessage(mark)}`)).toEqual(mark);
  expect(parseLaneMessage("Fence: 1\nRun: x\n")).toBeNull();
  expect(parseLaneMessage(laneMessage(mark).replace("Fence: 12", "Fence: -1"))).toBeNull();
});
