/** Secrets and tokens in memory. A seal opens for its own row alone. */
import type { AuthPort } from "../../server/core.ts";

export const simAuth: AuthPort = {
  createLogin: () => ({ token: "login", expiresAt: 0 }),
  createToken: () => ({ id: "tk_sim", token: "token" }),
  setTokenRights: () => undefined,
  listTokens: () => [],
  revokeToken: () => false,
  seal: (rowId, secret) => JSON.stringify([rowId, secret]),
  unseal: (rowId, sealed) => {
    const [row, secret] = JSON.parse(sealed) as [string, string];
    return row === rowId ? secret : null;
  },
};
