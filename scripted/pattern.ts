/** A compiled pattern: answers the groups of a match (index 0 is the whole match), or null. */
export type Matcher = (text: string) => readonly string[] | null;

const REGEX_FORM = /^\/(.+)\/([a-z]*)$/s;

/** Whether `pattern` compiles: checked when a script is read, so that a bad one is refused there. */
export function isPattern(pattern: string): boolean {
  try {
    compilePattern(pattern);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/**
 * `/…/flags` is a regular expression found anywhere; anything else is a glob over the whole text
 * in which `*` stands for any characters, `?` for one. What a glob's stars took are its groups.
 * @throws SyntaxError when the regular expression is not one
 */
export function compilePattern(pattern: string): Matcher {
  const form = REGEX_FORM.exec(pattern);
  const regex = form
    ? new RegExp(form[1] ?? "", (form[2] ?? "").replaceAll(/[gy]/g, ""))
    : globRegex(pattern);
  return (text) => {
    const match = regex.exec(text);
    return match ? match.map((group) => group ?? "") : null;
  };
}

/** A `/…/` pattern that finds exactly `text` anywhere. */
export function literalPattern(text: string): string {
  return `/${escapeRegex(text)}/`;
}

function globRegex(glob: string): RegExp {
  const source = [...glob]
    .map((char) => (char === "*" ? "(.*)" : char === "?" ? "(.)" : escapeRegex(char)))
    .join("");
  return new RegExp(`^${source}$`, "s");
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
