// kilo behind a door that keeps streams of events from whoever asks: `bun deaf-kilo.ts <kilo> <how> <broken> serve … --port=N`.
// The first `broken` streams break at once; with `hold`, all of them are never answered instead; with `die`, the first
// is the end of it.
import { freePort } from "../../../runner/process/free-port.ts";

const [kilo = "", how, broken, ...args] = process.argv.slice(2);
const port = Number(args.find((each) => each.startsWith("--port="))?.slice("--port=".length));
const behind = freePort();
const child = Bun.spawn(
  [kilo, ...args.map((each) => (each.startsWith("--port=") ? `--port=${behind}` : each))],
  // kilo is a program of Bun's: with this it would be Bun itself.
  { env: { ...process.env, BUN_BE_BUN: undefined }, stdio: ["ignore", "pipe", "inherit"] },
);
process.on("SIGTERM", () => child.kill("SIGTERM"));
void child.exited.then((code) => process.exit(code));

const isUp = Promise.withResolvers<void>();
void (async () => {
  let said = "";
  for await (const chunk of child.stdout) {
    said += new TextDecoder().decode(chunk);
    if (said.includes("listening on")) isUp.resolve();
  }
})();
await isUp.promise;

let streams = 0;
Bun.serve({
  hostname: "127.0.0.1",
  port,
  idleTimeout: 0,
  fetch(request) {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/event") {
      if (how === "hold") return new Promise<Response>(() => {});
      if (how === "die") {
        child.kill("SIGKILL");
        process.exit(7);
      }
      if (streams++ < Number(broken)) return new Response(null, { status: 503 });
    }
    return fetch(new Request(`http://127.0.0.1:${behind}${pathname}${search}`, request));
  },
});
console.log(`kilo server listening on http://127.0.0.1:${port}`);
