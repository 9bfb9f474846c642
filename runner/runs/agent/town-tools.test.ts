import { expect, test } from "bun:test";
import { canonical } from "./town-tools.ts";

test("[B1] arguments are the same whatever order their keys were written in", () => {
  const one = canonical({ rig: "r", tasks: [{ key: "a", title: "A" }], parallel: true });
  const two = canonical({ parallel: true, tasks: [{ title: "A", key: "a" }], rig: "r" });
  expect(JSON.stringify(one)).toBe(JSON.stringify(two));
  expect(JSON.stringify(canonical({ tasks: ["a", "b"] }))).not.toBe(
    JSON.stringify(canonical({ tasks: ["b", "a"] })),
  );
});
