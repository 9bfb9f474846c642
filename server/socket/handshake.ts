/** Who may open a connection: a person's page or a program on `/`, a runner on `/runner`. */
import { z } from "zod";
import {
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_LOWEST,
  RUNNER_PROTOCOL_VERSION_LOWEST,
  refuse,
  runnerHandshakeSchema,
  userHandshakeSchema,
  type Result,
} from "../../protocol/index.ts";
import type { Auth } from "../auth/auth.ts";
import {
  askerOfLogin,
  askerOfRunner,
  askerOfToken,
  cookieName,
  readCookie,
  type Asker,
} from "../http/credentials.ts";
import { firstProblem } from "./receive.ts";

/** The part of a Socket.IO handshake that is asked. */
export interface Handshake {
  auth: unknown;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A user connection: an owner's token, or cookie and session secret from a page of our own. */
export function admitUser(auth: Auth, townId: string, handshake: Handshake): Result<Asker> {
  const parsed = userHandshakeSchema.safeParse(handshake.auth);
  if (!parsed.success)
    return refuse("invalid_body", `The handshake is wrong: ${firstProblem(parsed.error)}.`);
  const served = checkVersion(parsed.data.version);
  if (!served.ok) return served;
  const { token, secret } = parsed.data;
  if (token === undefined) {
    if (textOf(handshake.headers["origin"]) === null) {
      return refuse(
        "unauthenticated",
        "Without a page of the town a connection needs an API token.",
      );
    }
    const cookie = readCookie(textOf(handshake.headers["cookie"]), cookieName(townId));
    return askerOfLogin(auth, cookie, secret ?? null);
  }
  const asker = askerOfToken(auth, token);
  if (asker.ok && asker.value.caller.principal !== "owner") {
    return refuse("forbidden", "A runner's token opens the runner's connection only.");
  }
  return asker;
}

const versionSchema = z.object({ version: z.number().int() });

/** A runner connection: the key for which a token was exchanged, and nothing else. */
export function admitRunner(auth: Auth, townId: string, handshake: Handshake): Result<Asker> {
  // First: an older runner has another handshake.
  const spoken = versionSchema.safeParse(handshake.auth);
  const served = spoken.success
    ? checkVersion(spoken.data.version, RUNNER_PROTOCOL_VERSION_LOWEST)
    : null;
  if (served?.ok === false) return served;
  const parsed = runnerHandshakeSchema.safeParse(handshake.auth);
  if (!parsed.success)
    return refuse("invalid_body", `The handshake is wrong: ${firstProblem(parsed.error)}.`);
  const { member, nonce, signature } = parsed.data;
  const proof = auth.checkRunner({ member, townId }, nonce, signature);
  if (proof === "proven") return { ok: true, value: askerOfRunner(member) };
  if (proof === "stale") {
    return refuse("stale_connection", "What was signed is too old. Ask for another challenge.", {
      retryable: true,
    });
  }
  return refuse(
    "unauthenticated",
    "The town does not know this runner's key, or has revoked it. Join with another token: `gastown token create --role runner`.",
  );
}

function checkVersion(version: number, lowest = PROTOCOL_VERSION_LOWEST): Result<null> {
  if (version >= lowest && version <= PROTOCOL_VERSION) return { ok: true, value: null };
  return refuse(
    "protocol_version",
    `This town speaks protocol ${lowest} to ${PROTOCOL_VERSION}, not ${version}. Install the town's version.`,
  );
}

function textOf(header: string | string[] | undefined): string | null {
  return typeof header === "string" ? header : null;
}
