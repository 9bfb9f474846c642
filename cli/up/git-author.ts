/** Whom the work is done for: the name and address this user's git signs with. */

export async function gitAuthor(): Promise<{ name: string; email: string } | null> {
  const [name, email] = [await readConfig("user.name"), await readConfig("user.email")];
  return name === "" || email === "" ? null : { name, email };
}

/** Empty when it is not set, or git is missing: whoever needs git says so. */
async function readConfig(key: string): Promise<string> {
  const git = Bun.which("git");
  if (git === null) return "";
  const child = Bun.spawn([git, "config", "--global", "--get", key], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  return (await new Response(child.stdout).text()).trim();
}
