// What a rig's egress lets an agent reach: real kilo in bubblewrap, places on this host's loopback.
import { expect, test } from "bun:test";
import { isLeftOut } from "../../support/left-out.ts";
import { bash, done, eventsOf, offerWork, polecat, shownIn } from "./one-polecat.ts";
import { openStage } from "./stage.ts";

const TIMEOUT_MS = 90_000;
/** In a file: the agent itself would refuse some words of a command. */
const ask = (port: number | undefined) =>
  `bun -e 'await fetch("http://127.0.0.1:${port}/").then(async (r) => console.log(r.status, (await r.text()).trim()), () => console.log("unreached"))'`;

test.skipIf(isLeftOut("sandbox") || isLeftOut("agent"))(
  "[C23] an agent reaches what its rig names and its model, and its run says what it was refused",
  async () => {
    using named = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("named") });
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("other") });
    const look = [
      "(unset NO_PROXY no_proxy",
      ...[ask(named.port), ask(other.port), ask(other.port)],
      ") > line.txt 2>&1",
      // Without the proxy it stays inside.
      `(export NO_PROXY=127.0.0.1; ${ask(named.port)}) >> line.txt 2>&1`,
    ];
    const stage = await openStage(polecat(bash(look.join("\n")), done));
    try {
      await stage.start();
      const egress = [`127.0.0.1:${named.port}`];
      const spec = await offerWork(stage, {}, { egress });
      expect(await stage.town.exitOf(spec.runId)).toMatchObject({ outcome: "done" });
      const [told] = stage.town.of("work_done", spec.runId);
      const lines = (await shownIn(stage, spec, told?.headOid ?? "", "line.txt")).split("\n");
      expect(lines[0]).toBe("200 named");
      expect(lines[1]).toStartWith(`403 127.0.0.1:${other.port}: `);
      expect(lines.at(-1)).toBe("unreached");
      const notices = eventsOf(stage, spec.runId).flatMap((event) =>
        JSON.stringify(event).includes("was refused") ? [JSON.stringify(event)] : [],
      );
      expect(notices).toHaveLength(1);
      expect(notices[0]).toContain(`asked for 127.0.0.1:${other.port}, and was refused`);
    } finally {
      await stage.close();
    }
  },
  TIMEOUT_MS,
);
