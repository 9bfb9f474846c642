/** What `gastown up` says when the town is ready, to people and to programs. */
import { userInfo } from "node:os";
import { dataFlag } from "../data-dir.ts";
import { printJson, printLine } from "../output.ts";
import { appVersion } from "../version.ts";

export interface Announcement {
  url: string;
  login: string;
  port: number;
  demo: boolean;
  dataDir: string;
}

export function announce({ url, login, port, demo, dataDir }: Announcement, json: boolean): void {
  if (json) {
    printJson({ event: "ready", url, login, version: appVersion });
    return;
  }
  printLine(`Gastown ${appVersion} is up at ${url}${demo ? " (demo, scripted model)" : ""}`);
  printLine(`Log in: ${login}`);
  printLine(
    `The link works once, for ten minutes; \`gastown login${dataFlag(dataDir)}\` prints another.`,
  );
  const tunnel = sshLine(process.env, port);
  if (tunnel !== null) printLine(`From your own machine: ${tunnel}`);
  printLine("Ctrl-C stops the town; work is saved and goes on at the next start.");
}

/** The command that brings the town to the machine one sits at; null outside of an SSH session. */
export function sshLine(
  env: Readonly<Record<string, string | undefined>>,
  port: number,
): string | null {
  // SSH_CONNECTION: client address, client port, server address, server port.
  const [, , host, sshPort] = (env["SSH_CONNECTION"] ?? "").split(" ");
  if (host === undefined || host === "") return null;
  const user = env["USER"] ?? userInfo().username;
  const portFlag = sshPort === undefined || sshPort === "22" ? "" : `-p ${sshPort} `;
  return `ssh ${portFlag}-L ${port}:127.0.0.1:${port} ${user}@${host}`;
}

/** Opens the person's browser, when there is one to open: the town does not depend on it. */
export function openBrowser(url: string): void {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const hasScreen =
    process.platform === "darwin" ||
    process.env["DISPLAY"] !== undefined ||
    process.env["WAYLAND_DISPLAY"] !== undefined;
  if (!hasScreen || process.env["SSH_CONNECTION"] !== undefined || Bun.which(opener) === null)
    return;
  Bun.spawn([opener, url], { stdio: ["ignore", "ignore", "ignore"] }).unref();
}
