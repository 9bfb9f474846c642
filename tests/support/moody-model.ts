/** A model's endpoint that gets into trouble when it is told to: it stands before the scripted model. */

/**
 * `throttled`: 429, asking for ten minutes. `refused`: 401. `half`: the next answers break off in their middle.
 * `mute`: nothing is answered at all.
 */
export type Mood = "well" | "throttled" | "refused" | "half" | "mute";

export interface MoodyModel {
  url: string;
  mood: Mood;
  /** Bodies of the requests that were passed on, as they came. */
  bodies: string[];
  /** How many requests met each mood. */
  met: Record<Mood, number>;
  stop(): Promise<void>;
}

const ASKED_PAUSE_SECONDS = 600;
/** Of an answer that breaks off: less than its first piece of text. */
const HALF_BYTES = 200;
const CUT_AFTER_MS = 50;

const refusal = (status: number, message: string, headers: Record<string, string> = {}): Response =>
  Response.json({ error: { message, type: "trouble", code: "trouble" } }, { status, headers });

/** @param url of the scripted model */
export function moodyModel(url: string): MoodyModel {
  const stopping = new AbortController();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    development: false,
    async fetch(request) {
      const body = await request.text();
      const { mood } = moody;
      moody.met[mood]++;
      if (mood === "throttled")
        return refusal(429, "Too many requests.", { "retry-after": `${ASKED_PAUSE_SECONDS}` });
      if (mood === "refused") return refusal(401, "This key was revoked.");
      const over = AbortSignal.any([request.signal, stopping.signal]);
      if (mood === "mute") {
        await new Promise((resolve) => over.addEventListener("abort", resolve));
        return refusal(503, "Nobody waits any more.");
      }
      moody.bodies.push(body);
      const { pathname } = new URL(request.url);
      const answer = await fetch(new URL(pathname, url), {
        method: request.method,
        headers: { "content-type": "application/json" },
        ...(request.method === "POST" ? { body } : {}),
        signal: over,
      });
      if (mood === "well") return answer;
      const bytes = new Uint8Array(await answer.arrayBuffer());
      return new Response(brokenOff(bytes.subarray(0, HALF_BYTES)), {
        headers: { "content-type": answer.headers.get("content-type") ?? "" },
      });
    },
  });
  const moody: MoodyModel = {
    url: `http://127.0.0.1:${server.port}/v1`,
    mood: "well",
    bodies: [],
    met: { well: 0, throttled: 0, refused: 0, half: 0, mute: 0 },
    async stop() {
      stopping.abort();
      await server.stop(true);
    },
  };
  return moody;
}

/** What has come, and then a connection that breaks. */
function brokenOff(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      if (sent) {
        // What was sent arrives before the connection breaks.
        await Bun.sleep(CUT_AFTER_MS);
        return controller.error();
      }
      sent = true;
      controller.enqueue(bytes);
    },
  });
}
