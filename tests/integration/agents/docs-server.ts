// A small MCP server as a rig's people bring one: over standard input and output, a message a line, without any package.
import { createInterface } from "node:readline";

interface Message {
  id?: number;
  method: string;
  params?: { protocolVersion?: string; name?: string };
}

const tool = {
  name: "find",
  description: "Finds a page of the documents.",
  inputSchema: { type: "object", properties: { word: { type: "string" } } },
};

function resultOf({ method, params }: Message): object | null {
  switch (method) {
    case "initialize":
      return {
        protocolVersion: params?.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: "docs", version: "1" },
      };
    case "tools/list":
      return { tools: [tool] };
    case "tools/call": {
      const seen = { cwd: process.cwd(), mode: process.env["MODE"], home: process.env["HOME"] };
      return { content: [{ type: "text", text: `The page: ${JSON.stringify(seen)}` }] };
    }
    default:
      return null;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Message;
  const result = resultOf(message);
  if (message.id === undefined) continue;
  const answer =
    result === null ? { error: { code: -32601, message: "There is no such method." } } : { result };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer })}\n`);
}
