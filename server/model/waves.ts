/** A convoy's plan: which tasks can run side by side, and which of those seem to touch the same files. */

export interface PlannedTask {
  id: string;
  title: string;
  body: string;
  /** Ids of tasks that must land first; others are passed over. */
  waitsFor: readonly string[];
}

/** Tasks by how many others must land before them; in the order given. A circle's tasks come last. */
export function wavesOf(tasks: readonly PlannedTask[]): string[][] {
  const left = new Map(tasks.map((task) => [task.id, task]));
  const waves: string[][] = [];
  while (left.size > 0) {
    const free = [...left.values()].filter((task) => !task.waitsFor.some((id) => left.has(id)));
    const wave = (free.length > 0 ? free : [...left.values()]).map((task) => task.id);
    waves.push(wave);
    for (const id of wave) left.delete(id);
  }
  return waves;
}

export interface Overlap {
  tasks: [string, string];
  /** Files that both name. */
  files: string[];
}

/** A file by its ending, or a path of at least two parts. */
const FILE = /(?:[\w@.-]+\/)+[\w@.-]*\w|\b[\w-]+\.[a-z]\w{0,5}\b/g;
const NOT_FILES: ReadonlySet<string> = new Set(["e.g", "i.e"]);

function filesIn({ title, body }: PlannedTask): Set<string> {
  const found = `${title}\n${body}`.match(FILE) ?? [];
  return new Set(found.filter((word) => !NOT_FILES.has(word)));
}

/**
 * Pairs of tasks that name the same file and would run side by side: they may conflict. A guess from their words; an
 * edge between the two, over others too, is the answer to it.
 */
export function overlapsOf(tasks: readonly PlannedTask[]): Overlap[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const before = new Map(tasks.map((task) => [task.id, allBefore(task, byId)]));
  const files = new Map(tasks.map((task) => [task.id, filesIn(task)]));
  const found: Overlap[] = [];
  tasks.forEach((a, n) => {
    for (const b of tasks.slice(n + 1)) {
      if (before.get(a.id)?.has(b.id) === true || before.get(b.id)?.has(a.id) === true) continue;
      const common = [...(files.get(a.id) ?? [])].filter((file) => files.get(b.id)?.has(file));
      if (common.length > 0) found.push({ tasks: [a.id, b.id], files: common });
    }
  });
  return found;
}

function allBefore(task: PlannedTask, byId: ReadonlyMap<string, PlannedTask>): Set<string> {
  const seen = new Set<string>();
  const open = [...task.waitsFor];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(byId.get(id)?.waitsFor ?? []));
  }
  return seen;
}
