/** Takes secrets out of what is recorded: those that the town was given or has read, and whatever looks like one. */

const REDACTED = "[redacted]";
/** Shorter ones would blot out ordinary words. */
const KNOWN_CHARS_MIN = 6;

/** Tokens by the marks of their makers, keys in PEM, and what stands before an @ in an address. */
const SHAPES: readonly RegExp[] = [
  /\b(?:gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|AIza|eyJ[A-Za-z0-9_-]{10,}\.)[A-Za-z0-9_.-]{10,}/g,
  /\bBearer\s+[A-Za-z0-9._~+/-]{12,}=*/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs,
  /(?<=:\/\/)[^\s/"'@:]+(?::[^\s/"'@]*)?(?=@)/g,
];

/** Commands whose body holds a secret, and the field. */
const SECRET_FIELDS: Readonly<Record<string, string>> = {
  "model.set": "key",
  "model.test": "key",
  "rig.secret": "value",
  "credential.set": "password",
  "credential.test": "password",
};

export class Scrub {
  readonly #known = new Set<string>();

  /** From now on it is taken out wherever it stands. */
  learn(secret: string): void {
    if (secret.length >= KNOWN_CHARS_MIN) this.#known.add(JSON.stringify(secret).slice(1, -1));
  }

  /** The body of a command as it is recorded; what its secret field holds is learnt. */
  body(command: string, body: unknown): unknown {
    const field = SECRET_FIELDS[command];
    if (field === undefined || typeof body !== "object" || body === null) return body;
    const secret = (body as Record<string, unknown>)[field];
    if (typeof secret !== "string" || secret === "") return body;
    this.learn(secret);
    return { ...body, [field]: REDACTED };
  }

  /** A text, or JSON: stays JSON. Scrubbing twice changes nothing more. */
  text(text: string): string {
    let clean = text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, REDACTED);
    for (const shape of SHAPES) clean = clean.replace(shape, REDACTED);
    return clean;
  }
}
