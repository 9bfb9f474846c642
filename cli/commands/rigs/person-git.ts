/** git as the person who types: with his own settings, keys and prompts, in a folder of his. */
import { Complaint } from "../../complaint.ts";

export interface GitSaid {
  ok: boolean;
  text: string;
  said: string;
}

/** Runs git in a folder and answers what came of it. */
export async function tryGit(folder: string, ...arguments_: string[]): Promise<GitSaid> {
  const git = Bun.which("git");
  if (git === null) throw new Complaint("git is not installed on this host: install it first.");
  const child = Bun.spawn([git, ...arguments_], {
    cwd: folder,
    stdin: "inherit",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [text, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { ok: code === 0, text: text.trim(), said: said.trim() };
}

/** The same, where a failure ends the command with git's own words. */
export async function personGit(folder: string, ...arguments_: string[]): Promise<string> {
  const done = await tryGit(folder, ...arguments_);
  if (done.ok) return done.text;
  throw new Complaint(`git ${arguments_[0] ?? ""} failed: ${done.said.slice(-600)}`);
}
