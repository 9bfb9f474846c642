/** Refs of remotes in memory, over a network that fails. */
import { failure, type Failure } from "../../runner/git/outcome.ts";
import type { Place } from "../../runner/git/push.ts";
import type { Refs } from "../../runner/works/works.ts";
import type { SimForge, SimRepository } from "./forge.ts";
import type { SimHostFiles } from "./host-files.ts";

/** Calls a remote as the network lets it: before, not at all, or without an answer. */
export function callRemote<T extends object>(
  forge: SimForge,
  call: { url: string; writes: boolean },
  act: () => T,
): T | Failure {
  const fault = forge.fault(call);
  if (fault === "unreachable") return unreachable(call.url);
  if (fault === "locked") return locked(call.url);
  if (fault === "timed_out") return timedOut();
  const answer = act();
  return fault === "answer_lost" ? timedOut() : answer;
}

function unreachable(url: string): Failure {
  return failure("unreachable", `${url} cannot be reached.`, "It is tried again.", {
    retryable: true,
  });
}

function locked(url: string): Failure {
  const message = `${url} refuses the credential that it was given.`;
  return failure("authentication", message, "Give the rig another.");
}

function timedOut(): Failure {
  return failure("timed_out", "git took too long.", "Try again.", { retryable: true });
}

export function notThere(url: string): Failure {
  const message = `There is no git repository at ${url}, or it is private.`;
  return failure("not_a_repository", message, "Check the address.");
}

export function simRefs(host: SimHostFiles): Refs {
  const { forge } = host;
  /** A place is a remote, or the store of this host as if it were one. */
  const at = <T extends object>(
    { url }: Place,
    writes: boolean,
    act: (repository: SimRepository, denies: (ref: string) => boolean) => T,
  ): Promise<T | Failure> => {
    if (host.isStore(url)) return Promise.resolve(act(host.store(url), () => false));
    const remote = forge.find(url);
    if (remote === undefined) return Promise.resolve(notThere(url));
    const call = { url, writes };
    return Promise.resolve(callRemote(forge, call, () => act(remote.repository, remote.denies)));
  };
  return {
    read: (place, names) =>
      at(place, false, ({ refs }) => ({
        ok: true as const,
        refs: new Map([...refs].filter(([name]) => names.includes(name))),
      })),
    list: (place, prefix) =>
      at(place, false, ({ refs }) => ({
        ok: true as const,
        refs: new Map([...refs].filter(([name]) => name.startsWith(prefix))),
      })),
    bring: (rig, place, ref) =>
      at(place, false, ({ refs }) => {
        const oid = refs.get(ref);
        if (oid === undefined) return failure("git_failed", `no ref ${ref}`, "Look again.");
        host.store(rig.storeDir).take(oid);
        return { ok: true as const };
      }),
    push: (rig, place, updates) =>
      at(place, true, (repository, denies) => {
        const store = host.store(rig.storeDir);
        const missing = updates.find(({ to }) => to !== null && !store.has(to));
        if (missing !== undefined)
          return failure("git_failed", `the store lacks ${missing.to}`, "Fetch the rig.");
        return { ok: true as const, refs: repository.update(updates, denies) };
      }),
  };
}
