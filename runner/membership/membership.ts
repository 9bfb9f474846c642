/** The key of this runner, and the town that took it in exchange for a token. Source: runs.md, Runner identity. */
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { z } from "zod";
import {
  ackSchema,
  challengeSchema,
  joinedSchema,
  provenText,
  publicKeySchema,
  refuse,
  type Result,
  type RunnerHandshake,
} from "../../protocol/index.ts";
import { CONNECT_TIMEOUT_MS } from "../config.ts";

const ANSWER_CHARS_MAX = 16 * 1024;

const recordSchema = z.strictObject({
  /** As in a JSON web key: what signs, and what checks. */
  privateKey: z.string(),
  publicKey: publicKeySchema,
  /** Null until a town has taken the key. */
  joined: joinedSchema.nullable(),
});
type MemberRecord = z.infer<typeof recordSchema>;

/** Where a membership is kept: one text, replaced whole. */
export interface MemberStore {
  read(): string | null;
  write(text: string): void;
}

/** What a handshake proves with. */
export type Proof = Pick<RunnerHandshake, "member" | "nonce" | "signature">;

export class Membership {
  readonly #store: MemberStore;
  #record: MemberRecord;

  private constructor(store: MemberStore, record: MemberRecord) {
    this.#store = store;
    this.#record = record;
  }

  /** Reads it, or makes a key. Error: `unsupported`, when what is there cannot be read. */
  static open(store: MemberStore): Result<Membership> {
    const text = store.read();
    if (text === null) {
      const made = new Membership(store, { ...freshKey(), joined: null });
      made.#keep();
      return { ok: true, value: made };
    }
    const parsed = recordSchema.safeParse(jsonOf(text));
    if (parsed.success) return { ok: true, value: new Membership(store, parsed.data) };
    return refuse(
      "unsupported",
      "The runner's key cannot be read: remove the file member.json of its data directory, and join with another token.",
    );
  }

  /** Whether a town has taken the key. */
  get hasJoined(): boolean {
    return this.#record.joined !== null;
  }

  /** Exchanges a token for the key. Errors: the town's (`unauthenticated`), or `offline`. */
  async join(townUrl: string, token: string, signal: AbortSignal): Promise<Result<null>> {
    const { publicKey } = this.#record;
    const answer = await post(townUrl, "join", { publicKey }, joinedSchema, { token, signal });
    if (!answer.ok) return answer;
    this.#record = { ...this.#record, joined: answer.value };
    this.#keep();
    return { ok: true, value: null };
  }

  /** Signs what the town gives now. Errors: `unauthenticated` when it is not the town that took the key, `offline`. */
  async prove(townUrl: string, signal: AbortSignal): Promise<Result<Proof>> {
    const { joined } = this.#record;
    const challenge = await post(townUrl, "challenge", {}, challengeSchema, { signal });
    if (!challenge.ok) return challenge;
    const { nonce, townId } = challenge.value;
    if (joined?.townId !== townId) {
      return refuse(
        "unauthenticated",
        "The town at this address has not taken this runner's key: start it with a token of that town.",
      );
    }
    const signature = sign(null, Buffer.from(provenText(joined, nonce)), this.#privateKey());
    return {
      ok: true,
      value: { member: joined.member, nonce, signature: signature.toString("base64url") },
    };
  }

  #privateKey() {
    const { privateKey: d, publicKey: x } = this.#record;
    return createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", d, x }, format: "jwk" });
  }

  #keep(): void {
    this.#store.write(`${JSON.stringify(this.#record)}\n`);
  }
}

function freshKey(): Pick<MemberRecord, "privateKey" | "publicKey"> {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { privateKey: d, publicKey: x };
}

async function post<V extends z.ZodType>(
  townUrl: string,
  route: "join" | "challenge",
  body: object,
  value: V,
  { token, signal }: { token?: string; signal: AbortSignal },
): Promise<Result<z.output<V>>> {
  try {
    const response = await fetch(new URL(`/api/runner/${route}`, townUrl), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]),
    });
    const text = (await response.text()).slice(0, ANSWER_CHARS_MAX);
    const parsed = ackSchema(value).safeParse(jsonOf(text));
    if (parsed.success) return parsed.data as Result<z.output<V>>;
    return offline(`what answers there (${response.status}) is no town of this version`);
  } catch (error) {
    return offline(error instanceof Error ? error.message : String(error));
  }
}

function offline(why: string): Result<never> {
  return refuse("offline", `The town cannot be reached: ${why}.`, { retryable: true });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
