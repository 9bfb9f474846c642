import type { GitRun } from "./git.ts";
import { failure, type Failure } from "./outcome.ts";

const stderrShownMax = 600;

/** What git said, without any user part of a URL, as the end of a sentence. */
export function spoken(run: GitRun): string {
  const text = run.result.stderr.trim() === "" ? run.text : run.result.stderr;
  const words = text
    .replace(/([a-z+]+:\/\/)[^/\s@]*@/gi, "$1")
    .trim()
    .slice(0, stderrShownMax);
  return /[.!?]$/.test(words) ? words : `${words}.`;
}

/** A failed local command as a typed failure: git's own words, and what we were doing. */
export function gitFailed(run: GitRun, doing: string): Failure {
  const ended = endedEarly(run, doing);
  if (ended !== null) return ended;
  return failure(
    "git_failed",
    `git failed while ${doing}: ${spoken(run)}`,
    "Look at the repository named here; the run's files are kept.",
    {
      retryable: true,
    },
  );
}

function endedEarly(run: GitRun, doing: string): Failure | null {
  if (run.result.exit.timedOut) {
    return failure(
      "timed_out",
      `git took too long while ${doing}.`,
      "Try again; if it repeats, look at the disk and the network.",
      { retryable: true },
    );
  }
  if (run.result.exit.outputExceeded) {
    return failure(
      "output_limit",
      `git printed more than is kept while ${doing}.`,
      "Make the change smaller, or raise the limit.",
    );
  }
  if (run.code === null) {
    return failure(
      "git_failed",
      `git was ended by ${run.result.exit.signal ?? "a signal"} while ${doing}.`,
      "It is tried again; if it repeats, look at the host's memory.",
      { retryable: true },
    );
  }
  return null;
}

// git has no codes for these; its words in the C locale are the only source (git 2.39 to 2.50).
const authenticationWords =
  /authentication failed|could not read username|could not read password|permission denied \(|access denied|the requested url returned error: 40[13]|invalid username or/i;
const absentWords =
  /does not appear to be a git repository|repository '?[^\n]*'? ?(does not exist|not found)|repository not found|not a git repository|the requested url returned error: 404|not valid: is this a git repository/i;
const unreachableWords =
  /could not resolve host|connection (refused|timed out|reset)|network is unreachable|no route to host|failed to connect|couldn't connect|operation timed out|operation too slow|early eof|the remote end hung up|host key verification failed|ssl|the requested url returned error: 5\d\d/i;

const redirectWords =
  /the requested url returned error: 30[12378]|unable to update url base from redirection/i;

const ADD_CREDENTIAL =
  "Give the rig one that may read and write this repository: on its page, or with `gastown rig credential`.";

/** A failed command that talked to a remote, sorted by what a person can do about it. */
export function remoteFailed(run: GitRun, remote: string, doing: string): Failure {
  if (run.refused !== undefined) return run.refused;
  const ended = endedEarly(run, `${doing} ${remote}`);
  if (ended !== null) return ended;
  const words = spoken(run);
  if (run.hadCredential === true && redirectWords.test(words)) {
    return failure(
      "not_a_repository",
      `${remote} sends git on to another address, and a rig's credential is given to no other.`,
      "Add the repository again by the address that it has now.",
    );
  }
  if (authenticationWords.test(words)) {
    const message =
      run.hadCredential === true
        ? `${remote} refuses the credential that it was given.`
        : `${remote} refuses access without a valid credential.`;
    return failure("authentication", message, ADD_CREDENTIAL);
  }
  // A host that hides private repositories answers "not found": both reasons are named.
  if (absentWords.test(words) && !/^ssh:.*resolve/i.test(words)) {
    return failure(
      "not_a_repository",
      `There is no git repository at ${remote}, or it is private.`,
      `Check the address. If it is private: ${ADD_CREDENTIAL}`,
    );
  }
  if (unreachableWords.test(words)) {
    return failure(
      "unreachable",
      `${remote} cannot be reached: ${words}`,
      "Check the address and the network; it is tried again.",
      { retryable: true },
    );
  }
  return failure(
    "git_failed",
    `git failed while ${doing} ${remote}: ${words}`,
    "Read git's message; the run's files are kept.",
    { retryable: true },
  );
}
