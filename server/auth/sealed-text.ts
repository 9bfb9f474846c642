/** Sealed secrets: AES-256-GCM with the key id and the row's id bound, so that a moved row opens nowhere. */
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../core.ts";
import type { SealKey } from "./key-file.ts";

const VERSION = "v1";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals `secret` for the row `rowId`: `v1.<key id>.<nonce>.<cipher text and tag>`. */
export function sealText(key: SealKey, rowId: string, secret: string, random: Random): string {
  const nonce = Buffer.from(random.bytes(NONCE_BYTES));
  const cipher = createCipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundText(key.id, rowId));
  const sealed = Buffer.concat([
    cipher.update(secret, "utf8"),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return [VERSION, key.id, nonce.toString("base64url"), sealed.toString("base64url")].join(".");
}

/** Opens what `sealText` made; null when key, row or text is another. */
export function unsealText(key: SealKey, rowId: string, text: string): string | null {
  const [version, keyId, nonceText, sealedText, ...rest] = text.split(".");
  if (
    version !== VERSION ||
    keyId !== key.id ||
    nonceText === undefined ||
    sealedText === undefined
  )
    return null;
  const nonce = Buffer.from(nonceText, "base64url");
  const sealed = Buffer.from(sealedText, "base64url");
  if (rest.length > 0 || nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", key.bytes, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundText(key.id, rowId));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const body = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  return finish(body, () => decipher.final());
}

function boundText(keyId: string, rowId: string): Buffer {
  return Buffer.from(JSON.stringify(["gastown", VERSION, keyId, rowId]));
}

/** `final` throws when the tag does not fit: the one expected way in which opening fails. */
function finish(body: Buffer, final: () => Buffer): string | null {
  let end: Buffer;
  try {
    end = final();
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
  return Buffer.concat([body, end]).toString("utf8");
}
