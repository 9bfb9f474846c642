/** What people say of a runner in one word or list: its rights and its labels. */
import {
  RUNNER_RIGHTS,
  runnerLabelsSchema,
  runnerRightsSchema,
  type RunnerRight,
} from "../../../protocol/index.ts";
import { Complaint } from "../../complaint.ts";

/** `model,merge`, or `none`. */
export function rightsOf(text: string): RunnerRight[] {
  const rights = runnerRightsSchema.safeParse(listOf(text));
  if (rights.success) return rights.data;
  throw new Complaint(
    `Rights are ${RUNNER_RIGHTS.join(", ")}, with commas between, or none, not "${text}".`,
    2,
  );
}

/** `gpu,linux/arm64`, or `none`. */
export function labelsOf(text: string): string[] {
  const labels = runnerLabelsSchema.safeParse(listOf(text));
  if (labels.success) return labels.data;
  throw new Complaint(
    `Labels are words of small letters, digits and . _ / -, with commas between, or none, not "${text}".`,
    2,
  );
}

function listOf(text: string): string[] {
  return text === "none" ? [] : text.split(",").map((each) => each.trim());
}
