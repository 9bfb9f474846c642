/** A unified diff cut into its files. Pure. */
export interface DiffFile {
  path: string;
  oldPath: string;
  /** Header and hunks of this file alone. */
  text: string;
  binary: boolean;
}

const headline = /^diff --git (?:"?a\/(.*?)"?) (?:"?b\/(.*?)"?)$/;

export function splitDiff(diff: string): DiffFile[] {
  const files: DiffFile[] = [];
  let lines: string[] = [];
  const flush = () => {
    const match = headline.exec(lines[0] ?? "");
    if (match) {
      const text = `${lines.join("\n")}\n`;
      const [, oldPath = "", path = ""] = match;
      files.push({ path, oldPath, text, binary: /^(Binary files|GIT binary patch)/m.test(text) });
    }
    lines = [];
  };
  for (const line of diff.replace(/\n$/, "").split("\n")) {
    if (line.startsWith("diff --git ")) flush();
    lines.push(line);
  }
  flush();
  return files;
}

const languages: Record<string, string> = {
  ts: "typescript",
  tsx: "typescript",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  py: "python",
  rs: "rust",
  rb: "ruby",
  sh: "bash",
  md: "markdown",
  yml: "yaml",
  htm: "xml",
  html: "xml",
};

/** The highlighter's name of a file's language, by its ending. */
export function languageOf(path: string): string {
  const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
  return languages[ending] ?? (path.includes(".") ? ending : "plaintext");
}
