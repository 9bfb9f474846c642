/** Server-sent events, the part of the format that is used: the data of each event, bounded. */

const EVENT_CHARS_MAX = 4 * 1024 * 1024;

/** Yields the data of each event. One that is longer than the limit is left out. */
export async function* readEventData(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let skipping = false;
  for await (const chunk of stream) {
    const events = (rest + decoder.decode(chunk, { stream: true }).replaceAll("\r", "")).split(
      "\n\n",
    );
    rest = events.pop() ?? "";
    for (const event of events) {
      if (!skipping) yield dataOf(event);
      skipping = false;
    }
    if (rest.length > EVENT_CHARS_MAX) {
      skipping = true;
      // The last character may be half of the empty line that ends the event.
      rest = rest.slice(-1);
    }
  }
}

function dataOf(event: string): string {
  const lines = event.split("\n").filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice("data:".length).trimStart()).join("\n");
}
