/** A time as its age; the exact one is in the tip. */
import { useNow } from "../lib/now.ts";
import { age, ago, duration, exact, running, until } from "../words/age.ts";
import { cx } from "./class-names.ts";

export function Age({
  at,
  form = "age",
  className,
}: {
  at: number;
  form?: "age" | "ago" | "until";
  className?: string;
}) {
  const now = useNow();
  const text = form === "age" ? age(at, now) : form === "ago" ? ago(at, now) : until(at, now);
  return (
    <time
      dateTime={new Date(at).toISOString()}
      data-tip={exact(at)}
      className={cx("num whitespace-nowrap", className)}
    >
      {text}
    </time>
  );
}

/** How long something has taken; it counts while it goes on. */
export function Took({
  from,
  to,
  className,
}: {
  from: number;
  to: number | null;
  className?: string;
}) {
  const now = useNow();
  return (
    <span className={cx("num whitespace-nowrap", className)}>
      {to === null ? running(now - from) : duration(to - from)}
    </span>
  );
}
