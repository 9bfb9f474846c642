/** Commands about the credential with which a rig's repository is reached. */
import { z } from "zod";
import { repositoryCredentialSchema } from "../entities/repository-access.ts";
import { refSchema, runnerIdSchema } from "../ids.ts";
import { rigSchema } from "../run.ts";
import { define, owner } from "./command-def.ts";

const { username, password } = repositoryCredentialSchema.shape;

export const credentialCommands = {
  "credential.set": define({
    mode: "command",
    roles: owner,
    summary: "Give a rig's repository a user name and a token; nobody is shown it again",
    body: z.strictObject({ rig: refSchema, username, password }),
    value: rigSchema,
  }),
  "credential.remove": define({
    mode: "command",
    roles: owner,
    summary: "Take a rig's credential away: git goes with what each host has",
    body: z.strictObject({ rig: refSchema }),
    value: rigSchema,
  }),
  "credential.test": define({
    mode: "service",
    roles: owner,
    summary: "Whether git may read and write a rig's repository with this credential, or its own",
    body: z.strictObject({
      rig: refSchema,
      username: username.optional(),
      password: password.optional(),
    }),
    /** Who has tried it. */
    value: z.object({ runner: runnerIdSchema }),
  }),
} as const;
