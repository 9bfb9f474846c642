/** Turns a sandbox description into bubblewrap's arguments. Pure. */
import type { HostLayout } from "./host-layout.ts";
import type { SandboxSpec } from "./sandbox-spec.ts";
import { INSIDE, type Toolbox } from "./toolbox.ts";

/** Directory of the bound sockets, as seen inside. */
export const SOCKETS_INSIDE = "/run/gt";

/** Namespaces of its own, no capability, no terminal of ours, gone when the runner is. */
const ISOLATION = [
  "--die-with-parent",
  "--new-session",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup-try",
  "--cap-drop",
  "ALL",
];

/** What programs need of /etc; nothing that holds a secret or tells of the host. */
const ETC = [
  "ssl",
  "ca-certificates",
  "pki",
  "passwd",
  "group",
  "alternatives",
  "nsswitch.conf",
  "localtime",
  "ld.so.cache",
  "mime.types",
];
const ETC_NETWORK = ["resolv.conf", "hosts"];

/**
 * Arguments up to `--`. Order matters: system directories and the empty /tmp first, what hides next, the run's own
 * paths last, so that a tree below /tmp or a home directory stays visible.
 */
export function bwrapArguments(spec: SandboxSpec, layout: HostLayout, toolbox: Toolbox): string[] {
  return [
    ...ISOLATION,
    ...(spec.network === "none" ? ["--unshare-net"] : []),
    ...systemArguments(spec, layout),
    ...toolboxArguments(toolbox),
    ...(spec.hide ?? [])
      .filter((path) => liesBelowSystem(path))
      .flatMap((path) => ["--tmpfs", path]),
    ...ownBinds(spec).flatMap(({ from, to, writable }) => [
      writable ? "--bind" : "--ro-bind",
      from,
      to,
    ]),
    ...socketArguments(spec),
    "--chdir",
    "/",
  ];
}

/** Where the small parent forwards to, inside. */
export function socketInside(name: string): string {
  return `${SOCKETS_INSIDE}/${name}.sock`;
}

function systemArguments(spec: SandboxSpec, layout: HostLayout): string[] {
  const etc = spec.network === "open" ? [...ETC, ...ETC_NETWORK] : ETC;
  return [
    ...["--ro-bind", "/usr", "/usr"],
    ...layout.roots.flatMap(({ path, link }) =>
      link === null ? ["--ro-bind", path, path] : ["--symlink", link, path],
    ),
    ...etc.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
    ...layout.optEntries
      .filter((path) => !hides(spec, path))
      .flatMap((path) => ["--ro-bind-try", path, path]),
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"],
  ];
}

function toolboxArguments(toolbox: Toolbox): string[] {
  return [
    ...["--ro-bind", toolbox.runtime, INSIDE.runtime],
    ...["--ro-bind", toolbox.entry, INSIDE.entry],
    ...["--ro-bind", toolbox.binDir, INSIDE.binDir],
  ];
}

/** Parents before what lies in them, so that neither hides the other. */
function ownBinds(spec: SandboxSpec): { from: string; to: string; writable: boolean }[] {
  const same = (writable: boolean) => (path: string) => ({ from: path, to: path, writable });
  const binds = [
    ...spec.readOnly.map(same(false)),
    ...spec.readWrite.map(same(true)),
    ...(spec.bindAs ?? []),
  ];
  return binds.toSorted((a, b) => (a.to < b.to ? -1 : a.to > b.to ? 1 : 0));
}

/** The agent's directory is bound first: the sockets are mounted into it one by one. */
function socketArguments(spec: SandboxSpec): string[] {
  const agent =
    spec.agentServer === undefined ? [] : ["--bind", spec.agentServer.hostDir, SOCKETS_INSIDE];
  const bound = (spec.sockets ?? []).flatMap(({ name, address }) =>
    "unix" in address ? ["--ro-bind", address.unix, socketInside(name)] : [],
  );
  return [...agent, ...bound];
}

function liesBelowSystem(path: string): boolean {
  return ["/usr/", "/opt/", "/bin/", "/lib/"].some((root) => path.startsWith(root));
}

/** Entries of /opt that are hidden whole, or that are not shown because a hidden path is their parent. */
function hides(spec: SandboxSpec, path: string): boolean {
  return (
    path === "/opt/gt" ||
    (spec.hide ?? []).some((hidden) => path === hidden || path.startsWith(`${hidden}/`))
  );
}
