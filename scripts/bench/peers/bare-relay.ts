// What a relay costs that looks at nothing: bun bare-relay.ts BASE-URL. Prints its address; ends with SIGTERM.
const [base = ""] = process.argv.slice(2);

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    const answer = await fetch(`${base}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", "accept-encoding": "identity" },
      body: await request.arrayBuffer(),
    });
    return new Response(answer.body, { headers: { "content-type": "text/event-stream" } });
  },
});
console.log(`http://127.0.0.1:${server.port}/v1`);

export {};
