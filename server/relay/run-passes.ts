/** Passes with which runners that may not have the model's key call it through the town: one per run, none kept. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Fence } from "../../protocol/index.ts";

const SECRET_BYTES = 32;

export interface PassHolder {
  runId: string;
  runnerId: string;
  fence: Fence;
}

/** A pass is worth nothing to another start of the town: its runner asks for a fresh one. */
export class RunPasses {
  /** The host's own chance: a recording of the town must not tell it. */
  readonly #secret = randomBytes(SECRET_BYTES);

  passOf({ runId, runnerId, fence }: PassHolder): string {
    const signature = createHmac("sha256", this.#secret)
      .update(JSON.stringify([runId, runnerId, fence.epoch, fence.n]))
      .digest("base64url");
    return `${runId}.${signature}`;
  }

  /** The run that a pass names; whether it is that run's says `isOf`. */
  static runIdOf(pass: string): string {
    return pass.split(".")[0] ?? "";
  }

  isOf(pass: string, holder: PassHolder): boolean {
    const given = Buffer.from(pass);
    const right = Buffer.from(this.passOf(holder));
    return given.length === right.length && timingSafeEqual(given, right);
  }
}
