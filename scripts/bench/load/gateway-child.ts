// A run's model gateway in a process of its own, as agents meet it: bun gateway-child.ts BASE-URL KEY TOKEN.
// Prints its address; ends with SIGTERM.
import { openGateway } from "../../../runner/agents/gateway.ts";

const [baseUrl = "", apiKey = "", token = ""] = process.argv.slice(2);
const gateway = openGateway({
  runId: "bench",
  listen: { tcp: true },
  token,
  upstream: { baseUrl, apiKey },
  models: ["m"],
  now: Date.now,
  admit: () => ({ ok: true }),
  onUsage: ({ metered }) => {
    if (!metered) throw new Error("a call was not metered");
  },
  onFailure: ({ message }) => {
    throw new Error(message);
  },
});
if (!("port" in gateway.address)) throw new Error("the gateway has no port");
console.log(`http://127.0.0.1:${gateway.address.port}/v1`);
