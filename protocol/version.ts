/**
 * The wire's version. Raise it with a line of history whenever version.test.ts fails; raise the
 * lowest served one only when an older program could misread us.
 */

/** 1: the first wire: commands, topics, run streams, runner frames. */
export const PROTOCOL_VERSION = 1;
export const PROTOCOL_VERSION_LOWEST = 1;
