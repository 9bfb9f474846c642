/** Subject of the order to a runner to remove a rig for good. */
export function purgeSubject(rigId: string, runnerId: string): string {
  return `purge:${rigId}:${runnerId}`;
}
