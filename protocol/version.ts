/**
 * The wire's version. Raise it with a line of history whenever version.test.ts fails; raise the
 * lowest served one only when an older program could misread us.
 */

/**
 * 1: the first wire: commands, topics, run streams, runner frames.
 * 2: reconcile.preview.
 * 3: provider.retry; what a convoy's landing carries; a landing that others brought in.
 * 4: runners join with a key of their own; whether a token was used; what a host has left.
 *    Where saved work is: facts, images, the setting of a rig.
 *    Prices of models; calls without a price. Saved work is deleted.
 *    Snapshots of sessions; how a conversation went on.
 *    The program of a role: program.get, program.set, in offers, hello and the images of runners.
 *    Runners that leave: the frame `leaving`, in hello and images; runner.drain, runner.resume.
 *    Terminals: of people (terminal.*), and of runners (terminal, both ways).
 *    Rights and labels of runners: in images, tokens and rigs; runner.rights, runner.label.
 *    What agents take of a host, and how many it bears.
 *    Credentials of repositories: credential.*, the frames `repository` and `try_remote`, in the images of rigs.
 */
export const PROTOCOL_VERSION = 4;
export const PROTOCOL_VERSION_LOWEST = 1;
/** Older runners know only tokens. */
export const RUNNER_PROTOCOL_VERSION_LOWEST = 4;
