/** How a git gets the credential of a rig: once, from the runner alone, for one address. */
import type { Credential } from "./access.ts";

// The password stands in no argument, environment, URL or file: the helper reads what the runner wrote into a pipe that
// this one git and what it starts have inherited. What has been read is gone.
const HELPER = '!f() { test "$1" = get || exit 0; cat <&3; }; f';
const HELPER_VARIABLE = "GASTOWN_GIT_HELPER";

/** Not for another repository of the host, nor for where the host sends git on to. */
export const boundConfig: Readonly<Record<string, string>> = {
  "credential.useHttpPath": "true",
  "http.followRedirects": "false",
};

/** What is added to a git for this address: its environment and its first arguments. */
export function helperFor(url: string): { env: Record<string, string>; args: string[] } {
  return {
    env: { [HELPER_VARIABLE]: HELPER },
    // Not by `-c`, which would end the key at an equals sign of the address.
    args: [`--config-env=credential.${url}.helper=${HELPER_VARIABLE}`],
  };
}

/** What the helper reads. */
export function helperAnswer({ username, password }: Credential): string {
  return `username=${username}\npassword=${password}\n`;
}
