import { expect, test } from "bun:test";
import { Turnstile } from "./turnstile.ts";

test("[C6] one passes after the other, and a closed turnstile waits for the last and lets nobody in", async () => {
  const turnstile = new Turnstile();
  const first = Promise.withResolvers<string>();
  const order: string[] = [];
  const one = turnstile.pass(async () => order.push(await first.promise));
  const two = turnstile.pass(() => Promise.reject(new Error("fails alone")));
  const refused = two.catch((error: unknown) => String(error));
  const three = turnstile.pass(() => Promise.resolve(order.push("three")));
  first.resolve("one");
  expect(await Promise.all([one, refused, three])).toEqual([1, "Error: fails alone", 2]);
  const inside = Promise.withResolvers<void>();
  let isOut = false;
  const entered = Promise.withResolvers<void>();
  const last = turnstile.pass(async () => {
    entered.resolve();
    await inside.promise;
    isOut = true;
  });
  await entered.promise;
  const late = turnstile.pass(() => Promise.resolve("late"));
  const closed = turnstile.close();
  inside.resolve();
  await closed;
  expect(isOut).toBe(true);
  expect(await late).toBeNull();
  expect(await turnstile.pass(() => Promise.resolve("later"))).toBeNull();
  await last;
  expect(order).toEqual(["one", "three"]);
});
