// A language model's endpoint that does nothing but stream: `max_tokens` events, as fast as they are read. Prints its
// address; ends with SIGTERM.
const utf8 = new TextEncoder();
const chunkOf = (delta: object, more: object = {}): Uint8Array => {
  const chunk = {
    id: "chatcmpl-0123456789abcdef0123456789",
    object: "chat.completion.chunk",
    created: 1_700_000_000,
    model: "m",
    ...{ choices: [{ index: 0, delta, logprobs: null, finish_reason: null }], ...more },
  };
  return utf8.encode(`data: ${JSON.stringify(chunk)}\n\n`);
};
const WORD = chunkOf({ content: " word" });
const USAGE = chunkOf({}, { choices: [], usage: { prompt_tokens: 15_000, completion_tokens: 1 } });
const DONE = utf8.encode("data: [DONE]\n\n");

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    const body: unknown = await request.json();
    let left = Number((body as { max_tokens?: unknown }).max_tokens);
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) return controller.enqueue(WORD);
        controller.enqueue(USAGE);
        controller.enqueue(DONE);
        controller.close();
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  },
});
console.log(`http://127.0.0.1:${server.port}/v1`);

export {};
