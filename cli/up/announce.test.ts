import { expect, test } from "bun:test";
import { sshLine } from "./announce.ts";

test("[A9] in an SSH session the line that brings the town home is printed whole", () => {
  const env = { SSH_CONNECTION: "10.0.0.9 50000 192.0.2.7 22", USER: "ann" };
  expect(sshLine(env, 4270)).toBe("ssh -L 4270:127.0.0.1:4270 ann@192.0.2.7");
  expect(sshLine({ ...env, SSH_CONNECTION: "10.0.0.9 50000 192.0.2.7 2222" }, 4270)).toBe(
    "ssh -p 2222 -L 4270:127.0.0.1:4270 ann@192.0.2.7",
  );
  expect(sshLine({ USER: "ann" }, 4270)).toBeNull();
});
