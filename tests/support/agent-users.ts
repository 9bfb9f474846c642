// A host with users for agents, without a change to the real one: a mount namespace with its own files of users.
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandsFor } from "../../cli/doctor/agent-users.ts";

const UID_FIRST = 64_300;

/**
 * Begins a command line that sees `count` users for agents. `dir` keeps the files, and is made passable, as the folders
 * above a town's data have to be. Only root can do that.
 */
export function hostWithUsers(dir: string, count: number): string[] {
  chmodSync(dir, 0o711);
  const files = { passwd: read("passwd"), group: read("group") };
  for (const [n, argv] of commandsFor({ users: [], rigGroups: [] }, count).entries()) {
    const name = argv.at(-1) ?? "";
    const id = UID_FIRST + n;
    files.group += `${name}:x:${id}:\n`;
    if (argv[0] === "useradd")
      files.passwd += `${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin\n`;
  }
  const binds = Object.entries(files).map(([file, text]) => {
    const path = join(dir, file);
    writeFileSync(path, text);
    return `mount --bind '${path}' /etc/${file}`;
  });
  return ["unshare", "--mount", "sh", "-c", `${binds.join(" && ")} && exec "$@"`, "sh"];
}

/** Without users of its own: those of the test are what counts. */
function read(file: string): string {
  const lines = readFileSync(join("/etc", file), "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("gastown-")).join("\n") + "\n";
}
