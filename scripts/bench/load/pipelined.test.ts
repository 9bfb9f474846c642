import { expect, test } from "bun:test";
import { type Ask, pump } from "./pipelined.ts";

test("[BENCH-pipeline] each client has as many in flight as it may, refusals are counted, and every answer is awaited", async () => {
  let inFlight = 0;
  let most = 0;
  let asked = 0;
  const client: Ask = (answered) => {
    inFlight += 1;
    asked += 1;
    most = Math.max(most, inFlight);
    const good = asked % 4 !== 0;
    setImmediate(() => {
      inFlight -= 1;
      answered(good);
    });
  };
  const pumped = await pump([client, client], 3, 50);
  expect(most).toBe(6);
  expect(inFlight).toBe(0);
  expect(pumped.answered).toBe(asked);
  expect(pumped.refused).toBe(Math.floor(asked / 4));
  expect(pumped.perSecond).toBeGreaterThan(0);
});
