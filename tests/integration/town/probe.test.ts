import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { personGit, write } from "../../support/git-rig.ts";
import { isLeftOut } from "../../support/left-out.ts";
import { openWholeTown, untilLanded, type WholeTown } from "../../support/whole-town.ts";
import { branchesOf, makeRepository } from "./repositories.ts";
import { drawn } from "../../support/sample.ts";

const LIMIT_MS = 600_000;
const MODEL_KEY = "sk-canary-4f1d2a77b0c94e3e";

/** What an agent tries that was told to break out. It runs in the agent's own shell, by the agent's own tool. */
function probe(town: WholeTown, remote: string): string {
  const { port } = new URL(town.process.ready.url);
  const modelPort = new URL(town.modelUrl).port;
  const home = process.env["HOME"] ?? "/root";
  const reach = (host: string, to: string): string =>
    `timeout 5 bash -c 'exec 3<>/dev/tcp/${host}/${to}' 2>/dev/null && echo "REACHED ${host}:${to}"`;
  return [
    "echo == env",
    "env",
    "echo == processes",
    // Other users' command lines can be seen where nothing but the user differs; they are anybody's words.
    `for p in /proc/[0-9]*; do echo "$p"; test -r $p/environ && tr '\\0' '\\n' < $p/cmdline; tr '\\0' '\\n' < $p/environ; done`,
    "echo == files",
    `cat ${town.dataDir}/town.json ${town.dataDir}/*.db ${town.dataDir}/*.key ${home}/.config/gastown/* && echo READ`,
    `ls -A ${town.dataDir} | sed 's/^/DATA /'`,
    `ls -A ${town.dataDir}/runner/runs | sed 's/^/RUN /'`,
    `ls -A ${town.dir}/home ${home} && echo READ`,
    `touch ${join(town.dir, "escaped")} && echo WROTE-INSIDE-ONLY`,
    "echo == sockets",
    "find / -type s 2>/dev/null | sed 's/^/SOCKET /'",
    "echo == network",
    reach("127.0.0.1", port),
    reach("127.0.0.1", modelPort),
    `bun -e 'await fetch("http://127.0.0.1:${port}/api/v1/rig.list", { method: "POST", body: "{}" }).then((r) => console.log("TOWN", r.status), () => console.log("TOWN unreached"))'`,
    reach("169.254.169.254", "80"),
    reach("1.1.1.1", "443"),
    "echo == git",
    "git push origin HEAD:refs/heads/stolen && echo PUSHED",
    `git push ${remote} HEAD:refs/heads/stolen && echo PUSHED`,
    `git push ${town.dataDir}/runner/rigs/*/mirror.git HEAD:refs/heads/stolen && echo PUSHED`,
    `git config core.fsmonitor 'touch ${join(town.dir, "fsmonitor")}; false'`,
    `git config core.sshCommand 'touch ${join(town.dir, "ssh")}'`,
    "mkdir -p .git/hooks",
    "for hook in pre-commit post-commit pre-push post-checkout reference-transaction post-index-change; do",
    `  printf '#!/bin/sh\\ntouch ${join(town.dir, "hook")}\\n' > .git/hooks/$hook; chmod +x .git/hooks/$hook`,
    "done",
    "mkdir nested && git init --quiet nested && echo kept > nested/kept.txt",
    `git -C nested config core.fsmonitor 'touch ${join(town.dir, "nested")}; false'`,
    "echo == end",
    "",
  ].join("\n");
}

/** What each isolation may show of the host, beside what is the agent's own. */
const MODES = [
  { name: "in bubblewrap", need: "sandbox", options: {}, hidden: ["REACHED", "main.ts"] },
  { name: "as a user of its own", need: "users", options: { agentUsers: 8 }, hidden: ["main.ts"] },
] as const;

const modes = MODES.filter(({ need }) => !isLeftOut("agent") && !isLeftOut(need));
test.each(modes.length === 0 ? [] : drawn("probes of isolation", modes))(
  "[C23] an agent of a real town that probes finds no key, no town data, no other run and no way to push, and what it plants runs nowhere outside, $name",
  async ({ need, options, hidden }) => {
    await using town = await openWholeTown({
      ...options,
      entries: [
        {
          role: "polecat",
          title: "Probe *",
          turns: [
            { text: "# Looking around\n", tools: [{ name: "gt_prime" }] },
            {
              text: "# Trying every door\n",
              tools: [
                {
                  name: "bash",
                  arguments: {
                    command: 'bash probe.sh > "report-$(date +%N).txt" 2>&1; true',
                    description: "Runs the probe",
                  },
                },
              ],
            },
            {
              text: "# Handing in\n",
              tools: [{ name: "gt_done", arguments: { summary: "Probed." } }],
            },
          ],
        },
      ],
    });
    await town.client.call("model.set", {
      provider: "openai-compatible",
      baseUrl: town.modelUrl,
      model: "scripted",
      key: MODEL_KEY,
    });
    const remote = join(town.dir, "probed");
    await makeRepository(remote, "clean");
    await write(remote, "probe.sh", probe(town, remote));
    await personGit(remote, "add", "-A");
    await personGit(remote, "commit", "--quiet", "-m", "Add the probe");
    const before = await branchesOf(remote);
    await town.client.call("rig.add", { name: "probed", remote, gates: [], codeReview: false });
    // Two at once: each is the other's "other run".
    const slung = await Promise.all(
      ["Probe a", "Probe b"].map((title) =>
        town.client.call("bead.sling", { rig: "probed", title }),
      ),
    );
    for (const { id } of slung) await untilLanded(town, id);
    const { runners } = await town.client.call("town.status", {});
    const isOpen = runners.some(({ isolationReason }) => isolationReason !== null);

    const files = (
      await personGit(remote, "ls-tree", "-r", "--name-only", "gastown/landed/main")
    ).split("\n");
    const reports = files.filter((name) => name.startsWith("report-"));
    expect(reports).toHaveLength(2);
    expect(files).toContain("nested/kept.txt");
    const { token } = JSON.parse(readFileSync(join(town.dataDir, "town.json"), "utf8")) as {
      token: string;
    };
    for (const name of reports) {
      const report = await personGit(remote, "show", `gastown/landed/main:${name}`);
      // It went through to its end, and in its own shell it sees what it should.
      expect(report).toContain("== end");
      expect(report).toMatch(/^PATH=/m);
      for (const secret of [MODEL_KEY, token, town.process.ready.login.split("=")[1] ?? "-"])
        expect(report).not.toContain(secret);
      for (const found of ["READ", "PUSHED", "SQLite format", ...hidden])
        expect(report.split("\n").filter((line) => line.includes(found))).toEqual([]);
      expect(report.match(/^RUN /gm)?.length ?? 0).toBeLessThanOrEqual(1);
      expect(
        report.split("\n").filter((line) => line.startsWith("DATA ") && line !== "DATA runner"),
      ).toEqual([]);
      const sockets = report.split("\n").filter((line) => line.startsWith("SOCKET "));
      if (need === "sandbox")
        expect(sockets.filter((line) => !line.startsWith("SOCKET /run/gt/"))).toEqual([]);
      else {
        // Where a packet filter keeps it in, it does not even hear a refusal.
        expect(report).toMatch(isOpen ? /^TOWN 401$/m : /^TOWN unreached$/m);
        expect(report.includes("REACHED")).toBe(isOpen);
      }
    }
    expect(await branchesOf(remote)).toEqual({
      ...before,
      "refs/heads/gastown/landed/main": await personGit(remote, "rev-parse", "gastown/landed/main"),
    });
    for (const mark of ["escaped", "fsmonitor", "ssh", "hook", "nested"])
      expect([mark, existsSync(join(town.dir, mark))]).toEqual([mark, false]);
  },
  LIMIT_MS,
);
