/** Keeps a growing log at its end while the reader is there, and counts what is new when not. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 48;

export interface Stick {
  box: RefObject<HTMLDivElement | null>;
  onScroll: () => void;
  /** Entries that came below what is read. */
  unseen: number;
  toEnd: () => void;
}

export function useStick(amount: number, growth: number): Stick {
  const box = useRef<HTMLDivElement>(null);
  const near = useRef(true);
  const seen = useRef(amount);
  const [unseen, setUnseen] = useState(0);
  const toEnd = useCallback(() => {
    const { current } = box;
    if (current) current.scrollTop = current.scrollHeight;
    near.current = true;
    setUnseen(0);
  }, []);
  useLayoutEffect(() => {
    if (near.current) {
      seen.current = amount;
      toEnd();
    } else setUnseen(Math.max(0, amount - seen.current));
  }, [amount, growth, toEnd]);
  // Contents also grow by themselves: a renderer arrives, a picture of code unfolds.
  useEffect(() => {
    const inside = box.current?.firstElementChild;
    if (!inside) return;
    const observer = new ResizeObserver(() => near.current && toEnd());
    observer.observe(inside);
    return () => observer.disconnect();
  }, [toEnd]);
  const onScroll = useCallback(() => {
    const { current } = box;
    if (!current) return;
    near.current = current.scrollHeight - current.scrollTop - current.clientHeight < NEAR_PX;
    if (near.current) {
      seen.current = amount;
      setUnseen(0);
    }
  }, [amount]);
  return { box, onScroll, unseen, toEnd };
}
