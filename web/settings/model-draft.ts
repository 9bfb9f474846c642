/** The model form as text, and what it sends. Pure. */
import type { CommandInput, ModelPrice, ModelSettings } from "../../protocol/index.ts";

export interface ModelDraft {
  provider: "kilo" | "openai-compatible";
  baseUrl: string;
  /** Empty: keep the stored one. */
  key: string;
  model: string;
  smallModel: string;
  fallbackModel: string;
  mayor: string;
  polecat: string;
  refinery: string;
  triage: string;
  /** By model. */
  prices: Readonly<Record<string, PriceDraft>>;
}

/** Dollars per million tokens as typed; empty: not said. */
export type PriceDraft = Readonly<Record<PriceClass, string>>;
export type PriceClass = "input" | "output" | "cacheRead" | "cacheWrite";

export const NO_PRICE: PriceDraft = { input: "", output: "", cacheRead: "", cacheWrite: "" };

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
      fallbackModel: "",
      mayor: "",
      polecat: "",
      refinery: "",
      triage: "",
      prices: {},
    };
  }
  const { provider, baseUrl, model, smallModel, fallbackModel, roles } = settings;
  return {
    provider,
    baseUrl,
    key: "",
    model,
    smallModel: smallModel === model ? "" : smallModel,
    fallbackModel: fallbackModel ?? "",
    mayor: roles.mayor ?? "",
    polecat: roles.polecat ?? "",
    refinery: roles.refinery ?? "",
    triage: roles.triage ?? "",
    prices: Object.fromEntries(
      Object.entries(settings.prices).map(([name, price]) => [name, priceText(price)]),
    ),
  };
}

function priceText({ input, output, cacheRead, cacheWrite }: ModelPrice): PriceDraft {
  const text = (figure: number | undefined) => (figure === undefined ? "" : String(figure));
  const caches = { cacheRead: text(cacheRead), cacheWrite: text(cacheWrite) };
  return { input: text(input), output: text(output), ...caches };
}

/** Models that a price may be said of: those that are used, and those that have one. */
export function pricedModels(draft: ModelDraft): string[] {
  const { model, smallModel, fallbackModel, mayor, polecat, refinery, triage, prices } = draft;
  const used = [model, smallModel, fallbackModel, mayor, polecat, refinery, triage];
  const priced = Object.keys(prices).filter((name) => isSaid(prices[name]));
  return [...new Set([...used.map((name) => name.trim()), ...priced])].filter(
    (name) => name !== "",
  );
}

/** A price with a figure in it needs what goes in and what comes out. */
export function isSaid(price: PriceDraft | undefined): price is PriceDraft {
  return price !== undefined && Object.values(price).some((text) => text.trim() !== "");
}

function pricesOf({ prices }: ModelDraft): Record<string, ModelPrice> {
  const figure = (text: string) => Number(text.trim());
  const said = Object.entries(prices).filter(([, price]) => isSaid(price));
  return Object.fromEntries(
    said.map(([name, { input, output, cacheRead, cacheWrite }]) => [
      name,
      {
        input: figure(input),
        output: figure(output),
        ...(cacheRead.trim() === "" ? {} : { cacheRead: figure(cacheRead) }),
        ...(cacheWrite.trim() === "" ? {} : { cacheWrite: figure(cacheWrite) }),
      },
    ]),
  );
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
    fallbackModel: role(draft.fallbackModel),
    prices: pricesOf(draft),
    roles: {
      mayor: role(draft.mayor),
      polecat: role(draft.polecat),
      refinery: role(draft.refinery),
      triage: role(draft.triage),
    },
  };
}
