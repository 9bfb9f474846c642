import { createHash } from "node:crypto";

// One path component and one ref component at once; no dot, so that neither `..` nor `.lock` can occur.
const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** Throws on an id that could not stand alone as a folder and as a part of a ref name. */
export function safeId(id: string): string {
  if (!idPattern.test(id)) throw new Error(`not usable in a path or a ref: ${JSON.stringify(id)}`);
  return id;
}

// The rules of `git check-ref-format` that matter for a branch name given by a person.
const badRefPattern =
  /(^|\/)\.|\.\.|[\u0000-\u0020\u007f~^:?*[\\]|@\{|\/\/|\.lock(\/|$)|\.$|\/$|^\/|^-|^@$/;

export function isBranchName(name: string): boolean {
  return name !== "" && name.length <= 200 && !badRefPattern.test(name);
}

/** Branch written by one run only. */
export function runBranch(beadId: string, runId: string): string {
  return `gastown/run/${safeId(beadId)}/${safeId(runId)}`;
}

/** Saved work of one run, in the runner's store. */
export function wipRef(beadId: string, runId: string): string {
  return `refs/gastown/wip/${safeId(beadId)}/${safeId(runId)}`;
}

/** Integration branch of a target, for deliveries that do not touch it. */
export function landedBranch(targetBranch: string): string {
  return `gastown/landed/${targetBranch}`;
}

/** The lane of a landing ref (`refs/heads/...`): a hash, so that no lane is the folder of another. */
export function laneRef(landingRef: string): string {
  return `refs/gastown/lane/${createHash("sha256").update(landingRef).digest("hex").slice(0, 40)}`;
}
