/** Bearer secrets: how they are made, what of them is stored, and how they are compared. */
import { createHash, timingSafeEqual } from "node:crypto";
import { encodeId, type IdKind } from "../../protocol/index.ts";
import type { Clock, Random } from "../core.ts";

const SECRET_BYTES = 32;
const TAIL_CHARS = 4;

/** A fresh secret of 256 bits in base64url, 43 characters. */
export function newSecret(random: Random): string {
  return Buffer.from(random.bytes(SECRET_BYTES)).toString("base64url");
}

/** What is stored of a secret. One round is enough: the secret has 256 random bits. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Whether `secret` is the one whose hash is stored; takes the same time whether it is or not. */
export function isSecret(secret: string, hash: Uint8Array): boolean {
  const given = hashSecret(secret);
  return given.length === hash.length && timingSafeEqual(given, hash);
}

/** The end of a secret, shown so that people can tell two apart. */
export function tailOf(secret: string): string {
  return secret.slice(-TAIL_CHARS);
}

/** A new id of `kind` that sorts by time (UUIDv7). */
export function newId(kind: IdKind, clock: Clock, random: Random): string {
  const bytes = new Uint8Array(16);
  const now = clock.now();
  for (let index = 0; index < 6; index++)
    bytes[index] = Math.floor(now / 2 ** (40 - 8 * index)) & 0xff;
  bytes.set(random.bytes(10), 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return encodeId(kind, bytes);
}

/** Joins the public part that finds the row and the secret part that is compared. */
export function joinSecret(id: string, secret: string): string {
  return `${id}.${secret}`;
}

/** Takes apart what `joinSecret` made; null when it has another form. */
export function splitSecret(text: string): { id: string; secret: string } | null {
  const dot = text.indexOf(".");
  if (dot <= 0 || dot === text.length - 1 || text.length > 400) return null;
  return { id: text.slice(0, dot), secret: text.slice(dot + 1) };
}
