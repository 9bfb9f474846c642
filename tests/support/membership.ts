// Memberships of tests' runners, and what takes them where there is no town.
import { encodeId, joinBodySchema, ok, type Result } from "../../protocol/index.ts";
import { Membership, type MemberStore, type Proof } from "../../runner/membership/membership.ts";

/** A membership that is kept as long as the store that holds it. */
export function memoryMembership(store: MemberStore = memoryStore()): Membership {
  return value(Membership.open(store));
}

export function memoryStore(): MemberStore {
  let kept: string | null = null;
  return { read: () => kept, write: (text) => void (kept = text) };
}

/** Joins with a token where that was not done before, and signs for one handshake. */
export async function proofOf(member: Membership, townUrl: string, token: string): Promise<Proof> {
  const signal = AbortSignal.timeout(10_000);
  if (!member.hasJoined) value(await member.join(townUrl, token, signal));
  return value(await member.prove(townUrl, signal));
}

/** Answers for a town that takes every key; null for what is asked of sockets. */
export async function answerJoining(request: Request): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  const townId = encodeId("town", new Uint8Array(16).fill(7));
  if (pathname === "/api/runner/challenge") return Response.json(ok({ nonce: "nonce", townId }));
  if (pathname !== "/api/runner/join") return null;
  joinBodySchema.parse(await request.json());
  return Response.json(ok({ member: encodeId("token", new Uint8Array(16).fill(1)), townId }));
}

function value<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw Object.assign(new Error(result.error.message), { code: result.error.code });
}
