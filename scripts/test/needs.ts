// What the tests need from the machine, how it is found, and how it is installed where that is possible.
import { join } from "node:path";

export type Need = "browser" | "sandbox" | "users" | "agent";

export const needs: readonly Need[] = ["browser", "sandbox", "users", "agent"];

interface Requirement {
  /** The Debian package that brings it, if one does. */
  debianPackage: string | undefined;
  /** One sentence for a person whose machine lacks it. */
  advice: string;
  isThere(root: string): boolean;
}

const requirements: Record<Need, Requirement> = {
  browser: {
    debianPackage: "chromium",
    advice:
      "no Chromium was found; install it (Debian: apt-get install chromium) or pass --without browser.",
    isThere: () =>
      ["chromium", "chromium-browser", "google-chrome"].some((name) => Bun.which(name) !== null),
  },
  sandbox: {
    debianPackage: "bubblewrap",
    advice:
      "bubblewrap cannot start a sandbox; install it (Debian: apt-get install bubblewrap), allow user namespaces, or pass --without sandbox.",
    isThere: () => Bun.which("bwrap") !== null && runs(["bwrap", "--ro-bind", "/", "/", "true"]),
  },
  users: {
    debianPackage: "util-linux",
    advice:
      "only root can lend users to agents, on Linux with setpriv; run the tests as root or pass --without users.",
    isThere: () =>
      process.platform === "linux" && process.getuid?.() === 0 && Bun.which("setpriv") !== null,
  },
  agent: {
    debianPackage: undefined,
    advice:
      "the agent programs of the tests cannot be installed for this machine (@kilocode/cli, and those of tests/programs); check the network or pass --without agent.",
    isThere: (root) => {
      const platform = `${process.platform}-${process.arch}`;
      const kilo = join(root, "node_modules", "@kilocode", `cli-${platform}`, "bin", "kilo");
      return Bun.which(kilo) !== null && hasPrograms(join(root, "tests", "programs"), platform);
    },
  },
};

/** Programs that only tests bring along have a lock file of their own, and are installed here. */
function hasPrograms(folder: string, platform: string): boolean {
  const isThere = (): boolean =>
    Bun.which(join(folder, "node_modules", `opencode-${platform}`, "bin", "opencode")) !== null &&
    ["claude-agent-acp", "codex-acp"].every(
      (name) => Bun.which(join(folder, "node_modules", ".bin", name)) !== null,
    );
  if (isThere()) return true;
  console.log("installing the agent programs of the tests");
  const install = [process.execPath, "install", "--frozen-lockfile", "--no-progress"];
  const stdio: ["ignore", "ignore", "inherit"] = ["ignore", "ignore", "inherit"];
  Bun.spawnSync(install, { cwd: folder, stdio });
  return isThere();
}

function runs(command: string[]): boolean {
  return Bun.spawnSync(command, { stdio: ["ignore", "ignore", "ignore"] }).exitCode === 0;
}

/** Installs what is missing where it can, and returns a sentence for each thing that still is. */
export function provide(root: string, wanted: readonly Need[]): string[] {
  const missing = wanted.filter((need) => !requirements[need].isThere(root));
  const packages = missing.flatMap((need) => requirements[need].debianPackage ?? []);
  if (packages.length > 0 && process.getuid?.() === 0 && Bun.which("apt-get") !== null) {
    console.log(`installing ${packages.join(" and ")}`);
    installPackages(packages);
  }
  return missing
    .filter((need) => !requirements[need].isThere(root))
    .map((need) => requirements[need].advice);
}

function installPackages(packages: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "-y", "--no-install-recommends", ...packages]]) {
    const run = Bun.spawnSync(["apt-get", "-qq", ...args], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (run.exitCode !== 0) return;
  }
}
