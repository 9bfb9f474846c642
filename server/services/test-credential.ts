/** Whether a rig's repository can be reached with a credential: git tries it, on a runner that may work for the rig. */
import { ok, refuse, type CommandBody, type Result } from "../../protocol/index.ts";
import { unfitPlace } from "../commands/rigs/credential.ts";
import { findRig } from "../store/refs.ts";
import { anyOnline, type LookPorts } from "./browse-rig.ts";

export async function testCredential(
  ports: LookPorts,
  { rig: ref, username, password }: CommandBody<"credential.test">,
): Promise<Result<{ runner: string }>> {
  const rig = findRig(ports.db, ref);
  if (!rig.ok) return rig;
  const unfit = unfitPlace(rig.value);
  if (unfit !== null) return unfit;
  const given = username !== undefined && password !== undefined;
  if (!given && rig.value.credential === null)
    return refuse("not_found", "this rig has no credential: give the one that is to be tried.");
  const runner = anyOnline(ports, rig.value);
  if (!runner.ok) return runner;
  const { id, connection } = runner.value;
  const answer = await ports.runners.tryRemote(id, {
    connection,
    rig: { id: rig.value.id, remote: rig.value.remote },
    credential: given ? { username, password } : null,
  });
  return answer.ok ? ok({ runner: id }) : answer;
}
