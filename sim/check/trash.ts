/** Rigs that go into the trash and come back, with all that belongs to them. */
import type { AnyImage } from "../../protocol/index.ts";
import type { Play } from "../play/play.ts";
import { Violation } from "./violation.ts";

export class TrashChecks {
  readonly #away = new Set<string>();
  /** What came back in the commit that is looked at. */
  readonly #back = new Set<string>();

  rig({ id, value }: Extract<AnyImage, { kind: "rig" }>): void {
    if (value === null) this.#away.add(id);
    else if (this.#away.delete(id)) this.#back.add(id);
  }

  /** It was there before: nothing of it begins now. */
  comesBack({ value }: AnyImage): boolean {
    if (this.#back.size === 0 || value === null || !("rigId" in value)) return false;
    return value.rigId !== null && this.#back.has(value.rigId);
  }

  commit(): void {
    this.#back.clear();
  }
}

/** Of a rig that is gone for good nothing is there again, and no runner that is up has kept it in silence. */
export function checkPurged(play: Play): void {
  if (play.wasReplaced) return;
  const { issues, rigs, escalations } = play.view;
  const waiting = inTrash(play);
  for (const rig of play.purged) {
    // Its runs took long to end.
    if (waiting.has(rig)) continue;
    const back = [...issues.values()].find(({ rigId }) => rigId === rig);
    if (rigs.has(rig) || back !== undefined)
      throw new Violation("purged-stays", `${back?.id ?? rig} is there, and its rig was purged`);
    for (const { name, host } of play.runners) {
      const store = `${host.files.dirOf("rigs", rig)}/store.git`;
      // What a killed runner had begun may make it anew, with nothing in it.
      const isThere = host.files.isStore(store) && host.files.store(store).refs.size > 0;
      const isTold = [...escalations.values()].some(({ title }) =>
        title.startsWith(`Runner ${name} keeps`),
      );
      if (host.isAwake && isThere && !isTold)
        throw new Violation("purged-told", `${name} keeps ${rig}, and nobody was told`);
    }
  }
}

function inTrash(play: Play): Set<string> {
  let found: Set<string> | null = null;
  void play.town.ask("trash.list", {}).then((ack) => {
    const all = ack?.ok === true ? (ack.value as { id: string }[]) : [];
    found = new Set(all.map(({ id }) => id));
  });
  play.world.run(() => found !== null, play.world.nowMs + 1_000);
  return found ?? new Set();
}
