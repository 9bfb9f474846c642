import { expect, test } from "bun:test";
import { NO_ENVIRONMENT } from "../../protocol/entities/rig-environment.ts";
import { ok } from "../../protocol/error.ts";
import { runSpecSchema } from "../../protocol/run-spec.ts";
import { Given } from "./given.ts";

function given(values: Record<string, string>) {
  const id = "0".repeat(26);
  const secrets = Object.keys(values).map((name) => ({ name, gates: true }));
  const spec = runSpecSchema.parse({
    kind: "baseline",
    runId: `rn_${id}`,
    resource: "lane",
    fence: { epoch: 1, n: 1 },
    limits: {
      ...{ wallMs: 1, turnsMax: 1, firstTokenMs: 1, silenceMs: 1 },
      ...{ repromptsMax: 0, cutOffMs: 1, warmMs: 0, warmWorkMs: 0 },
    },
    rig: {
      ...{ id: `rg_${id}`, name: "sample", remote: "/r", target: "main", delivery: "none" },
      ...{ gates: [], setup: null, isolationConfirmed: false },
      environment: { ...NO_ENVIRONMENT, variables: { MODE: "fast" }, secrets },
    },
  });
  return new Given(spec);
}

test("[C25] every line of a secret is cut out of what a command said, but no ordinary word", async () => {
  const own = given({ KEY: "-----BEGIN-----\nabcdef\n1\n-----END-----", PIN: "ok" });
  const values = { KEY: "-----BEGIN-----\nabcdef\n1\n-----END-----", PIN: "ok" };
  await own.forCommand("gates", () => Promise.resolve(ok({ values })));
  expect(own.hide("ok: abcdef in -----BEGIN-----, 1 of 1")).toBe(
    "ok: [secret KEY] in [secret KEY], 1 of 1",
  );
});

test("[C25] a longer secret that holds another is cut out whole", async () => {
  const values = { PART: "secret", WHOLE: "secret-and-more" };
  const own = given(values);
  await own.forCommand("gates", () => Promise.resolve(ok({ values })));
  expect(own.hide("it is secret-and-more")).toBe("it is [secret WHOLE]");
});
