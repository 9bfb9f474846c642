/**
 * A person's login in this browser. The one-time token travels in the link's fragment and is
 * exchanged once; the session secret lives in storage that only this origin can read.
 */
import { loginAnswerSchema } from "../../protocol/index.ts";

const STORAGE_KEY = "gastown.login";
export const SECRET_HEADER = "x-gastown-secret";

export interface Login {
  secret: string;
  townId: string;
}

/** The token of a login link's fragment, e.g. `#login=abc`. */
export function tokenOf(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("login");
}

export function readLogin(storage: Pick<Storage, "getItem">): Login | null {
  const text = storage.getItem(STORAGE_KEY);
  if (text === null) return null;
  const [townId, secret] = text.split(" ");
  return townId && secret ? { townId, secret } : null;
}

export function keepLogin(storage: Pick<Storage, "setItem">, login: Login): void {
  storage.setItem(STORAGE_KEY, `${login.townId} ${login.secret}`);
}

export function forgetLogin(storage: Pick<Storage, "removeItem">): void {
  storage.removeItem(STORAGE_KEY);
}

export type Exchange = { ok: true; login: Login } | { ok: false; message: string };

/** Exchanges a link's token for a session secret and its cookie. A token works once. */
export async function exchangeToken(token: string, send: typeof fetch = fetch): Promise<Exchange> {
  let response: Response;
  try {
    response = await send("/api/login", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token }),
      credentials: "same-origin",
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return {
      ok: false,
      message: `The town did not answer (${why}). Is it running? Then open the link again.`,
    };
  }
  const answer: unknown = await response.json().catch(() => null);
  const parsed = loginAnswerSchema.safeParse(
    answer !== null && typeof answer === "object" && "value" in answer ? answer.value : answer,
  );
  if (response.ok && parsed.success) return { ok: true, login: parsed.data };
  return { ok: false, message: refusalText(answer) };
}

function refusalText(answer: unknown): string {
  if (answer !== null && typeof answer === "object" && "error" in answer) {
    const { error } = answer;
    if (error !== null && typeof error === "object" && "message" in error)
      return String(error.message);
  }
  return "This link did not work. Links are good once, for ten minutes: run `gastown login` for a new one.";
}
