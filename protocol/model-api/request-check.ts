/** Default deny for requests: names what is not let through. Pure. */
import type { Denied, Dialect, Endpoint, JsonObject } from "./dialect.ts";
import { parseJson } from "./model-usage.ts";

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deeper than conversations and the schemas of tools are. To read and write what is deeper takes seconds, or the stack. */
const DEPTH_MAX = 256;

/** The body of a request; undefined when it is no JSON, or too deep. */
export function readRequest(text: string): unknown {
  return isDeep(text) ? undefined : parseJson(text);
}

function isDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) inString = !inString;
    else if (inString && code === BACKSLASH) at++;
    else if (inString) continue;
    else if (code === LIST || code === OBJECT) depth++;
    else if (code === LIST_END || code === OBJECT_END) depth--;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

const [QUOTE, BACKSLASH, LIST, LIST_END, OBJECT, OBJECT_END] = [34, 92, 91, 93, 123, 125];

export type CheckedRequest =
  | { ok: true; model: string; body: JsonObject }
  | { ok: false; denied: Denied };

/** Checks a request against its dialect. What is returned is free of all that was not understood. */
export function checkRequest(dialect: Dialect, endpoint: Endpoint, given: unknown): CheckedRequest {
  if (!isObject(given))
    return deny("invalid_request", "The body is not a JSON object, or is nested too deep.");
  const { model, stream } = given;
  if (typeof model !== "string" || model === "")
    return deny("invalid_request", "`model` is missing: name one of the run's models.");
  if (stream !== undefined && stream !== null && typeof stream !== "boolean")
    return deny("invalid_request", "`stream` is true or false.");
  const said = given[dialect.conversation];
  if (!Array.isArray(said) && !(typeof said === "string" && dialect.conversation === "input"))
    return deny("invalid_request", `\`${dialect.conversation}\` is missing: a list of messages.`);
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const denied = Object.hasOwn(dialect.refused, name) ? dialect.refused[name] : undefined;
    if (denied !== undefined) {
      if (!isUnset(value)) return { ok: false, denied };
    } else if (endpoint.fields.has(name)) kept[name] = value;
    else
      return deny("unknown_field", `\`${name}\` is not let through by this gateway: leave it out.`);
  }
  const denied = checkTier(kept["service_tier"]) ?? dialect.inspect(kept);
  if (denied !== null) return { ok: false, denied };
  return { ok: true, model, body: kept };
}

function deny(code: Denied["code"], message: string): CheckedRequest {
  return { ok: false, denied: { code, message } };
}

function isUnset(value: unknown): boolean {
  return value === null || value === false || (Array.isArray(value) && value.length === 0);
}

/** Tiers at the price that the town reckons with, or below. */
const TIERS = new Set(["auto", "default", "standard", "standard_only", "flex"]);

function checkTier(tier: unknown): Denied | null {
  if (tier === undefined || tier === null || (typeof tier === "string" && TIERS.has(tier)))
    return null;
  return {
    code: "hosted_feature",
    message: "This `service_tier` has a price of its own: leave it out.",
  };
}

/** What a dialect says of the objects in its messages. */
export type ContentRule = (block: JsonObject) => Denied | null;

/**
 * Looks at each object of a conversation: the messages, their parts, and what these hold in turn. Not at what a tool
 * is called with: that is the tool's. Without recursion, since the agent decides how deep it is.
 */
export function inspectContents(roots: readonly unknown[], rule: ContentRule): Denied | null {
  const open: unknown[] = [...roots];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) {
      for (const entry of next) open.push(entry);
      continue;
    }
    if (!isObject(next)) continue;
    const denied = rule(next);
    if (denied !== null) return denied;
    open.push(next["content"], next["output"]);
    if (isObject(next["source"])) open.push(next["source"]["content"]);
  }
  return null;
}

/** Tools of these types run at the agent; any other would run at the endpoint. */
export function inspectTools(tools: unknown, runsHere: (type: string) => boolean): Denied | null {
  if (tools === undefined || tools === null) return null;
  if (!Array.isArray(tools))
    return { code: "invalid_request", message: "`tools` is a list of tools." };
  for (const tool of tools) {
    const type = isObject(tool) ? (tool["type"] ?? "custom") : "";
    if (typeof type !== "string") return hostedTool("none");
    if (!runsHere(type)) return hostedTool(type);
    const nested = isObject(tool) && type === "namespace" ? tool["tools"] : undefined;
    const denied = inspectTools(nested, (name) => name !== "namespace" && runsHere(name));
    if (denied !== null) return denied;
  }
  return null;
}

function hostedTool(type: string): Denied {
  return {
    code: "hosted_tool",
    message: `The tool type \`${type}\` runs at the model's endpoint, not at the agent: leave it out.`,
  };
}

/** An address that the endpoint would fetch is a way out of the sandbox. */
export function isInline(url: unknown): boolean {
  return typeof url === "string" && /^data:/i.test(url);
}

/** Data that stands where some endpoints take an address too. */
export function isAddress(data: unknown): boolean {
  return typeof data === "string" && /^\s*[a-z][a-z\d+.-]*:/i.test(data) && !isInline(data);
}

export const remoteContent: Denied = {
  code: "remote_content",
  message: "Contents are sent within the request, not by an address or the id of a stored file.",
};

export function unknownContent(type: unknown): Denied {
  return {
    code: "unknown_content",
    message: `Contents of the type \`${typeof type === "string" ? type : "none"}\` are not let through by this gateway.`,
  };
}

export function hosted(message: string): Denied {
  return { code: "hosted_feature", message };
}

export function stored(message: string): Denied {
  return { code: "stored_state", message };
}
