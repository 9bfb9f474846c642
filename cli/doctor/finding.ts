/** What a check found, in a sentence; with `fix`, what to do about it. */
export interface Finding {
  check: string;
  level: "ok" | "warn" | "fail";
  text: string;
  fix: string | null;
}

export function fine(check: string, text: string): Finding {
  return { check, level: "ok", text, fix: null };
}

export function trouble(check: string, level: "warn" | "fail", text: string, fix: string): Finding {
  return { check, level, text, fix };
}
