/**
 * How a runner joins a town and proves later that it is the one that joined. A token is exchanged once, over HTTP, for the
 * runner's own Ed25519 key; from then on only that key opens connections. Source: runs.md, Runner identity.
 */
import { z } from "zod";
import { tokenIdSchema, townIdSchema } from "../ids.ts";

/** 32 bytes of an Ed25519 public key, base64url. */
export const publicKeySchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** POST /api/runner/join, with the token as bearer. */
export const joinBodySchema = z.strictObject({ publicKey: publicKeySchema });
/** `member` is what the town calls this key: the token's id. */
export const joinedSchema = z.object({ member: tokenIdSchema, townId: townIdSchema });
export type Joined = z.infer<typeof joinedSchema>;

/** POST /api/runner/challenge: what the next handshake signs. Good once, for a minute. */
export const challengeBodySchema = z.strictObject({});
export const challengeSchema = z.object({ nonce: z.string().max(200), townId: townIdSchema });

export const runnerHandshakeSchema = z.strictObject({
  version: z.number().int(),
  client: z.string().max(60),
  member: tokenIdSchema,
  nonce: z.string().max(200),
  /** Of `provenText`, 64 bytes in base64url. */
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
});
export type RunnerHandshake = z.infer<typeof runnerHandshakeSchema>;

/** What a runner signs. The town's id is in it: what one town was sent proves nothing to another. */
export function provenText({ townId, member }: Joined, nonce: string): string {
  return `gastown runner\n${townId}\n${member}\n${nonce}`;
}
