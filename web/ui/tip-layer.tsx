/** One tip for the whole page: whatever has `data-tip` shows it on hover and on keyboard focus. */
import { useEffect, useRef, useState } from "react";

interface Tip {
  text: string;
  left: number;
  top: number;
  below: boolean;
}

const DELAY_MS = 350;
const MARGIN = 8;

function place(target: Element): Tip | null {
  const text = target.getAttribute("data-tip");
  if (!text) return null;
  const box = target.getBoundingClientRect();
  const below = box.top < 48;
  const half = Math.min(150, text.length * 3.4 + 10);
  const middle = box.left + box.width / 2;
  return {
    text,
    left: Math.min(Math.max(middle, half + MARGIN), innerWidth - half - MARGIN),
    top: below ? box.bottom + 6 : box.top - 6,
    below,
  };
}

export function TipLayer() {
  const [tip, setTip] = useState<Tip | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    const show = (event: Event, delayMs: number) => {
      const target = event.target instanceof Element ? event.target.closest("[data-tip]") : null;
      clearTimeout(timer.current);
      if (!target) return setTip(null);
      timer.current = setTimeout(() => setTip(target.isConnected ? place(target) : null), delayMs);
    };
    const over = (event: PointerEvent) => event.pointerType === "mouse" && show(event, DELAY_MS);
    const focus = (event: FocusEvent) => {
      if (event.target instanceof Element && event.target.matches(":focus-visible")) show(event, 0);
    };
    const hide = () => {
      clearTimeout(timer.current);
      setTip(null);
    };
    document.addEventListener("pointerover", over);
    document.addEventListener("focusin", focus);
    for (const end of ["pointerdown", "focusout", "keydown", "wheel"] as const)
      document.addEventListener(end, hide, { passive: true });
    return () => {
      hide();
      document.removeEventListener("pointerover", over);
      document.removeEventListener("focusin", focus);
      for (const end of ["pointerdown", "focusout", "keydown", "wheel"] as const)
        document.removeEventListener(end, hide);
    };
  }, []);
  if (!tip) return null;
  return (
    <div
      aria-hidden
      className="rise pointer-events-none fixed z-70 max-w-[300px] rounded-md bg-ink px-2 py-1 text-xs text-canvas shadow-float"
      style={{
        left: tip.left,
        top: tip.top,
        transform: `translate(-50%, ${tip.below ? "0" : "-100%"})`,
        animation: "none",
      }}
    >
      {tip.text}
    </div>
  );
}
