// What the tests need from the machine, how it is found, and how it is installed where that is possible.
import { join } from "node:path";

export type Need = "browser" | "sandbox" | "agent";

export const needs: readonly Need[] = ["browser", "sandbox", "agent"];

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
  agent: {
    debianPackage: undefined,
    advice: "no kilo was found for this machine; install @kilocode/cli or pass --without agent.",
    isThere: (root) => {
      const name = `cli-${process.platform}-${process.arch}`;
      const locked = join(root, "node_modules", "@kilocode", name, "bin", "kilo");
      return Bun.which("kilo") !== null || Bun.which(locked) !== null;
    },
  },
};

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
