/** A run's tree that could not be saved: where it is, and why. */
export interface KeptTree {
  dir: string;
  reason: string;
}
