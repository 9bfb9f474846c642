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
  const text = await said(path, "--version");
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  const isNew =
    Number(major) > GIT_LOWEST[0] ||
    (Number(major) === GIT_LOWEST[0] && Number(minor) >= GIT_LOWEST[1]);
  const lfs = /^git-lfs\/[\d.]+/.exec(await said(path, "lfs", "version"))?.[0];
  const beside = lfs ?? "without git-lfs: for rigs that fetch what it keeps, install it";
  if (isNew) return fine("git", `${text}, ${beside}`);
  return trouble(
    "git",
    "fail",
    `${text || "git does not run"}, at least ${GIT_LOWEST.join(".")} is needed`,
    "Install a newer git.",
  );
}

/** What a program prints; nothing where it fails. */
async function said(...command: string[]): Promise<string> {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "ignore", stdin: "ignore" });
  return (await new Response(child.stdout).text()).trim();
}
