/** A full object id, in lower-case hexadecimal (SHA-1 or SHA-256). */
export type Oid = string;

const oidPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isOid(value: string): value is Oid {
  return oidPattern.test(value);
}

/** The oid a command printed alone, or null if it printed anything else. */
export function oidIn(text: string): Oid | null {
  const line = text.trim();
  return isOid(line) ? line : null;
}

/** Fields of `-z` output. */
export function fieldsOfZ(text: string): string[] {
  const fields = text.split("\0");
  if (fields.at(-1) === "") fields.pop();
  return fields;
}

/** Refs by name from `ls-remote` or `for-each-ref --format="%(objectname)%09%(refname)"`. */
export function refsOf(text: string): Map<string, Oid> {
  const refs = new Map<string, Oid>();
  for (const line of text.split("\n")) {
    const [oid, name] = line.split("\t");
    if (oid !== undefined && name !== undefined && isOid(oid)) refs.set(name, oid);
  }
  return refs;
}

export type PushedRef = {
  readonly ref: string;
  /** `updated`: it has the new value by this push. `same`: it had it before. */
  readonly state: "updated" | "same" | "refused";
  readonly reason: string;
};

/** Lines of `push --porcelain`: `<flag>\t<from>:<to>\t<summary>`. */
export function pushedRefs(text: string): PushedRef[] {
  const refs: PushedRef[] = [];
  for (const line of text.split("\n")) {
    const match = /^([ +\-*!=])\t([^\t]*):([^\t]+)\t(.*)$/.exec(line);
    if (match === null) continue;
    const [, flag, , ref, reason] = match;
    const state = flag === "!" ? "refused" : flag === "=" ? "same" : "updated";
    refs.push({ ref: ref ?? "", state, reason: reason ?? "" });
  }
  return refs;
}
