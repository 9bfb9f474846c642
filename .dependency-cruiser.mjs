// Who may import whom. Each layer is a line in `layers`: the folder, and the folders and packages it may import.
// Anything not listed is refused, so a new folder needs a decision here first.

/** Folder -> what it may import besides itself. `npm` and `node` stand for packages and built-in modules. */
const layers = {
  protocol: ["npm:zod"],
  "server/model": ["protocol"],
  "server/reconcile": ["protocol", "server/model"],
  server: ["protocol", "server", "npm", "node"],
  runner: ["protocol", "runner", "npm", "node"],
  web: ["protocol", "web", "npm"],
  scripted: ["protocol", "scripted", "npm", "node"],
  demo: ["protocol", "runner", "scripted", "demo", "npm", "node"],
  sim: ["protocol", "server", "runner", "sim", "npm", "node"],
  cli: ["protocol", "server", "runner", "scripted", "demo", "cli", "npm", "node", "package.json"],
};

/** Folders of server/ that may read the store. The others receive what they need, or append to the inbox by a port. */
const storeReaders = [
  "store",
  "loop",
  "effects",
  "queries",
  "commands",
  "services",
  "replay",
  "socket",
  "http",
];

/** Folders of server/ that may write it: the loop, and commands and effects' results that run inside its tick. */
const storeWriters = ["store", "loop", "commands"];

/** Where bun:sqlite may be opened. */
const sqliteOwners = [
  "sim/disk\\.ts$",
  "sim/town/databases\\.ts$",
  "server/store/",
  "server/auth/",
  "runner/spool/",
  "runner/sandbox/database-copy\\.ts$",
  "(server|runner|cli)/.*lock[^/]*\\.ts$",
];

const tests = "\\.test\\.tsx?$|\\.contract\\.ts$";

function pathsOf(allowed) {
  return allowed.flatMap((target) => {
    if (target === "npm") return ["(^|/)node_modules/"];
    if (target === "node") return [];
    if (target.startsWith("npm:")) return [`(^|/)node_modules/${target.slice(4)}/`];
    return [target.endsWith(".json") ? `^${target}$` : `^${target}/`];
  });
}

function layerRules() {
  const folders = Object.keys(layers);
  return folders.map((folder) => {
    const allowed = layers[folder];
    const narrower = folders
      .filter((other) => other.startsWith(`${folder}/`))
      .map((other) => `^${other}/`);
    const builtIn = allowed.includes("node") ? { dependencyTypesNot: ["core"] } : {};
    return {
      name: `layer-${folder.replace("/", "-")}`,
      severity: "error",
      comment: `${folder}/ may import itself and ${allowed.filter((name) => name !== folder).join(", ")}`,
      from: { path: `^${folder}/`, pathNot: [tests, ...narrower] },
      to: { pathNot: [`^${folder}/`, ...pathsOf(allowed)], ...builtIn },
    };
  });
}

export default {
  forbidden: [
    ...layerRules(),
    {
      name: "no-circular",
      severity: "error",
      comment: "two files that import each other have one purpose or a missing third file",
      from: {},
      to: { circular: true },
    },
    {
      name: "nothing-imports-tests-or-scripts",
      severity: "error",
      comment: "tests and scripts may import everything and are imported by nothing that ships",
      from: { pathNot: ["^(tests|scripts)/", tests] },
      to: { path: ["^(tests|scripts)/", tests] },
    },
    {
      name: "store-readers",
      severity: "error",
      comment: `only ${storeReaders.join(", ")} and the composition root import server/store`,
      from: { path: "^server/[^/]+/", pathNot: [`^server/(${storeReaders.join("|")})/`, tests] },
      to: { path: "^server/store/" },
    },
    {
      name: "store-writers",
      severity: "error",
      comment: `server/store/writes is imported only by ${storeWriters.join(", ")}`,
      from: { path: "^server/", pathNot: [`^server/(${storeWriters.join("|")})/`, tests] },
      to: { path: "^server/store/writes/" },
    },
    {
      name: "sqlite-owners",
      severity: "error",
      comment: "the databases are opened by their owners only",
      from: {
        path: "^(main|protocol|server|runner|web|cli|demo|scripted|sim)",
        pathNot: [...sqliteOwners.map((owner) => `^${owner}`), tests],
      },
      to: { path: "^bun:sqlite$" },
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "an import that cannot be found",
      from: {},
      to: { couldNotResolve: true, pathNot: "^bun(:|$)" },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|\\.toolchain)/" },
    builtInModules: { add: ["bun", "bun:test", "bun:sqlite", "bun:ffi", "bun:jsc"] },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
    },
    skipAnalysisNotInRules: true,
  },
};
