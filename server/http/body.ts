/** Reads a request's JSON body within a limit, without holding more than the limit in memory. */
import { HTTP_BODY_BYTES_MAX, ok, refuse, type Result } from "../../protocol/index.ts";

/** @returns the parsed value; an empty body is an empty object */
export async function readJson(request: Request): Promise<Result<unknown>> {
  const text = await readText(request, HTTP_BODY_BYTES_MAX);
  if (!text.ok) return text;
  if (text.value.trim() === "") return ok({});
  try {
    return ok(JSON.parse(text.value) as unknown);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse("invalid_json", `The body is not JSON: ${error.message}.`);
  }
}

/** The body as text, up to `bytesMax`; `deadline` when it does not come within `withinMs`. */
export async function readText(
  request: Request,
  bytesMax: number,
  withinMs = Number.POSITIVE_INFINITY,
): Promise<Result<string>> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > bytesMax) return tooLarge(bytesMax);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const untilMs = performance.now() + withinMs;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return tooLarge(bytesMax);
    if (performance.now() > untilMs)
      return refuse("deadline", "The request came too slowly. Send it again.", { retryable: true });
    chunks.push(chunk);
  }
  return ok(Buffer.concat(chunks).toString("utf8"));
}

function tooLarge(bytesMax: number): Result<never> {
  return refuse("too_large", `A request may have ${bytesMax / 1024} KiB at most. Send less.`);
}
