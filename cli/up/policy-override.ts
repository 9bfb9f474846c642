/** Figures of the town's policy that its owner sets otherwise, from GASTOWN_POLICY: a JSON object such as {"warmMs":5000}. */
import { POLICY, type Policy } from "../../server/model/policy.ts";
import { Complaint } from "../complaint.ts";

export function policyOverride(text: string | undefined): Partial<Policy> {
  if (text === undefined || text === "") return {};
  const given = parse(text);
  for (const [name, figure] of Object.entries(given)) {
    if (!Object.hasOwn(POLICY, name)) {
      throw new Complaint(
        `GASTOWN_POLICY names ${name}, which is no figure of the policy; these are: ${Object.keys(POLICY).join(", ")}.`,
        2,
      );
    }
    if (!Number.isSafeInteger(figure) || Number(figure) < 0) {
      throw new Complaint(
        `GASTOWN_POLICY sets ${name} to ${JSON.stringify(figure)}; it must be a whole number.`,
        2,
      );
    }
  }
  return given;
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    value = null;
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return { ...value };
  throw new Complaint('GASTOWN_POLICY must be a JSON object such as {"warmMs":5000}.', 2);
}
