/** The model form as text, and what it sends. Pure. */
import type { CommandInput, ModelSettings } from "../../protocol/index.ts";

export interface ModelDraft {
  provider: "kilo" | "openai-compatible";
  baseUrl: string;
  /** Empty: keep the stored one. */
  key: string;
  model: string;
  smallModel: string;
  mayor: string;
  polecat: string;
  refinery: string;
  triage: string;
}

/** Kilo's gateway, as its own documentation names it. */
export const KILO_URL = "https://api.kilo.ai/api/gateway";

export function draftOf(settings: ModelSettings | null): ModelDraft {
  if (settings === null || settings.provider === "scripted") {
    return {
      provider: "kilo",
      baseUrl: KILO_URL,
      key: "",
      model: "",
      smallModel: "",
      mayor: "",
      polecat: "",
      refinery: "",
      triage: "",
    };
  }
  const { provider, baseUrl, model, smallModel, roles } = settings;
  return {
    provider,
    baseUrl,
    key: "",
    model,
    smallModel: smallModel === model ? "" : smallModel,
    mayor: roles.mayor ?? "",
    polecat: roles.polecat ?? "",
    refinery: roles.refinery ?? "",
    triage: roles.triage ?? "",
  };
}

/** Whether the key in the town is lost by this change: it belongs to the address it was given for. */
export function clearsKey(draft: ModelDraft, settings: ModelSettings | null): boolean {
  return (
    settings !== null &&
    settings.key.set &&
    draft.key === "" &&
    draft.baseUrl.trim() !== settings.baseUrl
  );
}

export function inputOf(draft: ModelDraft): CommandInput<"model.set"> {
  const role = (text: string) => (text.trim() === "" ? null : text.trim());
  return {
    provider: draft.provider,
    baseUrl: draft.baseUrl.trim(),
    model: draft.model.trim(),
    ...(draft.key === "" ? {} : { key: draft.key }),
    ...(draft.smallModel.trim() === "" ? {} : { smallModel: draft.smallModel.trim() }),
    roles: {
      mayor: role(draft.mayor),
      polecat: role(draft.polecat),
      refinery: role(draft.refinery),
      triage: role(draft.triage),
    },
  };
}
