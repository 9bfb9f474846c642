/** Whom the work is done for: the name and address this user's git signs with. */

/** Null when either is not set, or git is missing: whoever needs git says so. */
export async function gitAuthor(): Promise<{ name: string; email: string } | null> {
  const git = Bun.which("git");
  if (git === null) return null;
  const child = Bun.spawn([git, "config", "--global", "--null", "--get-regexp", "^user\\."], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const settings = new Map(
    (await new Response(child.stdout).text()).split("\0").map((entry) => {
      const [name = "", ...value] = entry.split("\n");
      return [name, value.join("\n").trim()];
    }),
  );
  const [name, email] = [settings.get("user.name") ?? "", settings.get("user.email") ?? ""];
  return name === "" || email === "" ? null : { name, email };
}
