import { Complaint } from "../complaint.ts";
import { findTownFile } from "../town-file.ts";
import { TownClient } from "../town-client.ts";
import { fine, trouble, type Finding } from "./finding.ts";

/** What only a running town can tell: that it answers, and whether its model does. */
export async function checkTown(dataDir: string): Promise<Finding[]> {
  const file = findTownFile(dataDir);
  if (file === null) return [fine("town", `no town runs on ${dataDir}`)];
  let town: TownClient;
  try {
    town = await TownClient.connect(file);
  } catch (error) {
    if (!(error instanceof Complaint)) throw error;
    return [trouble("town", "fail", error.message, "Start it again with `gastown up`.")];
  }
  try {
    return [fine("town", `answers at ${file.url}`), await checkModel(town)];
  } finally {
    town.close();
  }
}

async function checkModel(town: TownClient): Promise<Finding> {
  const settings = await town.call("model.get", {});
  if (settings === null) {
    return trouble(
      "model",
      "warn",
      "no model is chosen; nothing is dispatched",
      "Choose one with `gastown settings model set`.",
    );
  }
  const answer = await town.ask("model.test", {});
  if (answer.ok) return fine("model", `${settings.model} answers (${settings.provider})`);
  return trouble(
    "model",
    "fail",
    answer.error.message,
    "Change it with `gastown settings model set`.",
  );
}
