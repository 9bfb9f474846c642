/**
 * The wire's version. Raise it with a line of history whenever version.test.ts fails; raise the
 * lowest served one only when an older program could misread us.
 */

/**
 * 1: the first wire: commands, topics, run streams, runner frames.
 * 2: reconcile.preview.
 */
export const PROTOCOL_VERSION = 2;
export const PROTOCOL_VERSION_LOWEST = 1;
