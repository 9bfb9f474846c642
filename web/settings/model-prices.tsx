/** What the models cost, so that runs, beads and budgets can be told in money. */
import { useId } from "react";
import { Disclosure } from "../ui/disclosure.tsx";
import {
  isSaid,
  NO_PRICE,
  pricedModels,
  type ModelDraft,
  type PriceClass,
  type PriceDraft,
} from "./model-draft.ts";

const CLASSES: readonly { key: PriceClass; label: string; required: boolean }[] = [
  { key: "input", label: "Input", required: true },
  { key: "output", label: "Output", required: true },
  { key: "cacheRead", label: "Cache read", required: false },
  { key: "cacheWrite", label: "Cache write", required: false },
];
const USD_MAX = 100_000;

interface Props {
  draft: ModelDraft;
  onChange: (prices: ModelDraft["prices"]) => void;
}

export function ModelPrices({ draft, onChange }: Props) {
  const helpId = useId();
  const models = pricedModels(draft);
  if (models.length === 0) return null;
  return (
    <Disclosure summary="Prices" open={Object.values(draft.prices).some(isSaid)}>
      <p id={helpId} className="mt-2 text-xs text-ink-3">
        Dollars per million tokens, for models whose provider does not tell what a call cost. A
        cache price that is left out is that of input.
      </p>
      <div className="mt-3 space-y-3">
        {models.map((model) => (
          <PriceRow
            key={model}
            model={model}
            helpId={helpId}
            price={draft.prices[model] ?? NO_PRICE}
            onChange={(price) => onChange({ ...draft.prices, [model]: price })}
          />
        ))}
      </div>
    </Disclosure>
  );
}

function PriceRow({
  model,
  helpId,
  price,
  onChange,
}: {
  model: string;
  helpId: string;
  price: PriceDraft;
  onChange: (price: PriceDraft) => void;
}) {
  const said = isSaid(price);
  return (
    <fieldset aria-describedby={helpId} className="min-w-0">
      <legend className="mono mb-1 text-sm text-ink [overflow-wrap:anywhere]">{model}</legend>
      <div className="grid grid-cols-4 gap-2 max-sm:grid-cols-2">
        {CLASSES.map(({ key, label, required }) => (
          <label key={key} className="min-w-0 text-xs text-ink-3">
            {label}
            <input
              type="number"
              inputMode="decimal"
              min={0}
              max={USD_MAX}
              step="any"
              required={required && said}
              value={price[key]}
              onChange={(event) => onChange({ ...price, [key]: event.target.value })}
              className="mono mt-0.5 h-8 w-full rounded-md border border-line-strong bg-canvas px-2.5 text-sm text-ink focus-visible:outline-offset-0 max-sm:h-10"
            />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
