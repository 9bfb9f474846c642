/** New things wait behind a button; nothing moves under the reader's eyes. */
import { ArrowDown } from "lucide-react";

export function Unseen({ amount, onShow }: { amount: number; onShow: () => void }) {
  if (amount === 0) return null;
  return (
    <button
      type="button"
      onClick={onShow}
      className="rise absolute bottom-3 left-1/2 z-10 inline-flex h-7 -translate-x-1/2 items-center gap-1.5 rounded-full bg-ink px-3 text-xs font-medium text-canvas shadow-float"
    >
      {amount} new <ArrowDown size={12} strokeWidth={2} aria-hidden />
    </button>
  );
}
