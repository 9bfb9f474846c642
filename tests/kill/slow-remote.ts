// A remote that takes its time: a hook of the bare repository that has moved its refs, and answers only when it is let.
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

export interface SlowRemote {
  /** Waits until a push has moved a ref of the pattern; its pusher does not know yet. */
  reached(): Promise<void>;
  /** Answers that push, and holds no other. */
  release(): Promise<void>;
}

/** Holds the first push that moves a ref of the shell pattern `refs`. */
export async function slowRemote(bare: string, refs: string): Promise<SlowRemote> {
  const [hold, reached] = [join(bare, "hold-push"), join(bare, "push-held")];
  await writeFile(hold, "");
  // It ends too when the repository is removed under it.
  const hook = `#!/bin/sh
while read -r old new ref; do
  case $ref in
    ${refs})
      [ ! -e '${hold}' ] || : >'${reached}'
      while [ -e '${hold}' ]; do sleep 0.02; done
      ;;
  esac
done
`;
  await writeFile(join(bare, "hooks", "post-receive"), hook, { mode: 0o755 });
  return {
    reached: async () => {
      await eventually(`a push of ${refs}`, () =>
        Promise.resolve(existsSync(reached) || undefined),
      );
    },
    release: () => rm(hold, { force: true }),
  };
}
