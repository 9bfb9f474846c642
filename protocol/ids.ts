/**
 * Ids: a type prefix and a UUIDv7 in 26 Crockford base32 characters, so that they sort by time and
 * never repeat. People may use the short form: prefix and the last six characters.
 */
import { z } from "zod";

const BODY = "[0-9a-hjkmnp-tv-z]{26}";

function idSchema<const P extends string>(prefix: P) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_${BODY}$`), `must be an id that begins with ${prefix}_`);
}

/** Prefix of each kind of id. Bead types share one id space: any of them is a bead id. */
export const ID_PREFIX = {
  issue: "bd",
  convoy: "cv",
  molecule: "mo",
  review: "mr",
  agent: "ag",
  message: "ms",
  escalation: "es",
  question: "qn",
  mail: "ml",
  triage: "tr",
  town: "tw",
  rig: "rg",
  run: "rn",
  runner: "ru",
  session: "se",
  turn: "tn",
  event: "ev",
  token: "tk",
  answer: "an",
  terminal: "tm",
} as const;
export type IdKind = keyof typeof ID_PREFIX;

export const beadIdSchema = z
  .string()
  .regex(new RegExp(`^(bd|cv|mo|mr|ag|ms|es|qn|ml|tr)_${BODY}$`), "must be a bead id");
export const townIdSchema = idSchema(ID_PREFIX.town);
export const rigIdSchema = idSchema(ID_PREFIX.rig);
export const runIdSchema = idSchema(ID_PREFIX.run);
export const runnerIdSchema = idSchema(ID_PREFIX.runner);
export const sessionIdSchema = idSchema(ID_PREFIX.session);
export const turnIdSchema = idSchema(ID_PREFIX.turn);
export const eventIdSchema = idSchema(ID_PREFIX.event);
export const answerIdSchema = idSchema(ID_PREFIX.answer);
export const terminalIdSchema = idSchema(ID_PREFIX.terminal);
export const tokenIdSchema = idSchema(ID_PREFIX.token);

/** What people and agents may write for an object: a full id, its short form, or a rig's name. */
export const refSchema = z.string().trim().min(1).max(80);

/** Object id of a git commit or tree: 40 (SHA-1) or 64 (SHA-256) hex digits. */
export const oidSchema = z
  .string()
  .regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/, "must be a git object id");

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * Encodes 16 bytes of a UUIDv7 as an id of `kind`.
 * @param bytes exactly 16 bytes
 */
export function encodeId(kind: IdKind, bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new Error(`an id needs 16 bytes, got ${bytes.length}`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  let body = "";
  for (let digit = 0; digit < 26; digit++) {
    body = ALPHABET[Number(value & 31n)] + body;
    value >>= 5n;
  }
  return `${ID_PREFIX[kind]}_${body}`;
}

/** The form shown to people: `bd_…` cut to its prefix and last six characters. */
export function shortId(id: string): string {
  const cut = id.indexOf("_");
  return cut < 0 || id.length - cut <= 8 ? id : `${id.slice(0, cut)}-${id.slice(-6)}`;
}
