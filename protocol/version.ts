/**
 * The wire's version. Raise it with a line of history whenever version.test.ts fails; raise the
 * lowest served one only when an older program could misread us.
 */

/**
 * 1: the first wire: commands, topics, run streams, runner frames.
 * 2: reconcile.preview.
 * 3: provider.retry; what a convoy's landing carries; a landing that others brought in.
 * 4: the program of a role: program.get, program.set, in offers, hello and the images of runners.
 */
export const PROTOCOL_VERSION = 4;
export const PROTOCOL_VERSION_LOWEST = 1;
