import manifest from "../../package.json" with { type: "json" };
import { Complaint } from "../complaint.ts";
import { fine, trouble, type Finding } from "./finding.ts";

/** `merge-tree --write-tree`, with which candidates are built, came with 2.38. */
const GIT_LOWEST = [2, 38] as const;

const GIT_INSTALL =
  "Install it (Debian and Ubuntu: apt-get install git; macOS: xcode-select --install).";

/** @throws Complaint when there is no git at all: neither a runner nor the demo can do anything then */
export function needGit(): void {
  if (Bun.which("git") === null) throw new Complaint(`git is missing. ${GIT_INSTALL}`);
}

export function checkBun(): Finding {
  const wanted = manifest.engines.bun;
  if (Bun.version === wanted) return fine("bun", `Bun ${Bun.version}`);
  return trouble(
    "bun",
    "warn",
    `Bun ${Bun.version}, tested with ${wanted}`,
    "Start by ./gastown, which installs the tested one.",
  );
}

export async function checkGit(): Promise<Finding> {
  const path = Bun.which("git");
  if (path === null) return trouble("git", "fail", "git is missing", GIT_INSTALL);
  const child = Bun.spawn([path, "--version"], {
    stdout: "pipe",
    stderr: "ignore",
    stdin: "ignore",
  });
  const text = (await new Response(child.stdout).text()).trim();
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const isNew =
    Number(major) > GIT_LOWEST[0] ||
    (Number(major) === GIT_LOWEST[0] && Number(minor) >= GIT_LOWEST[1]);
  if (isNew) return fine("git", text);
  return trouble(
    "git",
    "fail",
    `${text || "git does not run"}, at least ${GIT_LOWEST.join(".")} is needed`,
    "Install a newer git.",
  );
}
