/** A user of this host that is lent to one run at a time, and the command line that becomes it. Pure. */

export type AgentUser = { name: string; uid: number; gid: number };

/** Users for runs, and groups that open a rig's mirror to those who work for it. */
export type AgentPool = { users: readonly AgentUser[]; rigGroups: readonly number[] };

/**
 * Begins a command line that runs as `user`, in its own group and `groups`. `setpriv` becomes the command, so it keeps
 * its process, its group and its pipes. Neither a setuid program nor a file's capability gives it anything afterwards.
 */
export function becoming(
  setpriv: string,
  user: AgentUser,
  options: { groups?: readonly number[]; diesWithParent?: boolean } = {},
): string[] {
  const { groups = [], diesWithParent = false } = options;
  return [
    setpriv,
    `--reuid=${user.uid}`,
    `--regid=${user.gid}`,
    groups.length === 0 ? "--clear-groups" : `--groups=${groups.join(",")}`,
    "--no-new-privs",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    ...(diesWithParent ? ["--pdeathsig=KILL"] : []),
    "--",
  ];
}
