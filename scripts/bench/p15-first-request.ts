// P15: how much a role says to the model before it has done anything: prompt, tools and briefing.
import { join } from "node:path";
import { makeRemote } from "../../tests/support/git-rig.ts";
import {
  openWholeTown,
  untilLanded,
  untilTopic,
  type WholeTown,
} from "../../tests/support/whole-town.ts";
import type { Bench, Measurement } from "./bench.ts";

const KILOBYTES_MAX = { polecat: 20, mayor: 24 } as const;

export const p15FirstRequest: Bench = {
  id: "P15",
  title: "bytes of the first request of each role to the model, in a town with one rig",
  async run(context) {
    const remote = join(context.folder, "sample.git");
    await makeRemote(remote, { bare: true });
    await using town = await openWholeTown();
    await town.client.call("rig.add", {
      name: "sample",
      remote,
      gates: [{ name: "tests", command: "true" }],
    });
    context.progress("  one bead through the town, and one turn of the Mayor");
    const bead = await town.client.call("bead.sling", {
      rig: "sample",
      title: "Greet the person by name",
      body: "The greeting says only hello. Let it take a name and greet that person; without one it stays as it is.",
    });
    await untilLanded(town, bead.id);
    await town.client.call("mayor.say", { text: "Please let the program say goodbye as well." });
    await untilTopic(town, "mayor", (state) =>
      state.all("chat").find((entry) => entry.kind === "mayor" && entry.state === "done"),
    );
    return (["polecat", "mayor"] as const).map((role) => firstRequest(town, role));
  },
};

function firstRequest(town: WholeTown, role: keyof typeof KILOBYTES_MAX): Measurement {
  const first = town.calls.find((call) => call.role === role);
  const value = (first?.requestBytes ?? Number.NaN) / 1000;
  return { name: role, value, unit: "kB", bar: { atMost: KILOBYTES_MAX[role] } };
}
