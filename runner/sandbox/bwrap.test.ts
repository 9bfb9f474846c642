import { describe, expect, test } from "bun:test";
import { bwrapArguments } from "./bwrap.ts";
import type { HostLayout } from "./host-layout.ts";
import { portInside, type SandboxSpec } from "./sandbox-spec.ts";

const layout: HostLayout = {
  roots: [
    { path: "/bin", link: "usr/bin" },
    { path: "/lib", link: null },
  ],
  optEntries: ["/opt/tools", "/opt/town", "/opt/gt"],
};
const toolbox = {
  runtime: "/srv/bun",
  compiled: false,
  entry: "/srv/entry.ts",
  binDir: "/srv/bin",
  gitConfig: "/srv/gitconfig",
};
const spec: SandboxSpec = {
  mode: "bwrap",
  runId: "r1",
  owner: "o",
  cwd: "/tmp/t/tree",
  env: { SECRET: "never-in-argv" },
  readOnly: ["/tmp/t/tree/.git"],
  readWrite: ["/tmp/t/tree"],
  hide: ["/opt/town"],
  network: "none",
};
const text = (more: Partial<SandboxSpec> = {}) =>
  bwrapArguments({ ...spec, ...more }, layout, toolbox).join(" ");

describe("bubblewrap's arguments", () => {
  test("[C23] no namespace, capability or environment is shared", () => {
    for (const flag of [
      "--die-with-parent",
      "--new-session",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-net",
      "--cap-drop ALL",
    ]) {
      expect(text()).toContain(flag);
    }
    expect(text()).not.toContain("never-in-argv");
    expect(text()).not.toContain("resolv.conf");
  });

  test("[C23] an open network is the only thing that `open` opens", () => {
    expect(text({ network: "open" })).not.toContain("--unshare-net");
    expect(text({ network: "open" })).toContain("/etc/resolv.conf");
  });

  test("[C23] the run's own paths come after the empty /tmp, and parents before what lies in them", () => {
    const order = [
      "--tmpfs /tmp",
      "--bind /tmp/t/tree /tmp/t/tree",
      "--ro-bind /tmp/t/tree/.git",
    ].map((part) => text().indexOf(part));
    expect(order.every((at) => at > 0)).toBe(true);
    expect(order.toSorted((a, b) => a - b)).toEqual(order);
  });

  test("[C23] the town's data stays hidden below a system directory", () => {
    expect(text()).toContain("--ro-bind-try /opt/tools /opt/tools");
    expect(text()).not.toContain("--ro-bind-try /opt/town");
    expect(text()).toContain("--tmpfs /opt/town");
  });

  test("[C23] system directories are linked or bound as on the host", () => {
    expect(text()).toContain("--symlink usr/bin /bin");
    expect(text()).toContain("--ro-bind /lib /lib");
  });

  test("[C23] a server is reached at its inside port, or at its own where nothing isolates", () => {
    expect(portInside("bwrap", { name: "a", address: { unix: "/s" }, insidePort: 7001 })).toBe(
      7001,
    );
    expect(portInside("none", { name: "a", address: { port: 5 }, insidePort: 7001 })).toBe(5);
    expect(() =>
      portInside("none", { name: "a", address: { unix: "/s" }, insidePort: 7001 }),
    ).toThrow();
  });
});
