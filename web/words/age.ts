/** Times in few words. Pure: `now` is an argument. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something takes or took, at most two units: `850 ms`, `2.1 s`, `1 min 12 s`, `3 h 5 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.round(ms / SECOND)} s`;
  const [big, unit, small, rest] =
    ms < HOUR
      ? [Math.floor(ms / MINUTE), "min", Math.floor((ms % MINUTE) / SECOND), "s"]
      : ms < DAY
        ? [Math.floor(ms / HOUR), "h", Math.floor((ms % HOUR) / MINUTE), "min"]
        : [Math.floor(ms / DAY), "d", Math.floor((ms % DAY) / HOUR), "h"];
  return small === 0 ? `${big} ${unit}` : `${big} ${unit} ${small} ${rest}`;
}

/** How long something goes on, in whole seconds: tenths that jump say nothing. */
export function running(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / SECOND));
  return whole < 10 ? `${whole} s` : duration(whole * SECOND);
}

/** One unit is enough for an age: `now`, `12 s`, `4 min`, `3 h`, `2 d`. A clock ahead of ours reads as now. */
export function age(at: number, now: number): string {
  const ms = now - at;
  if (ms < 2 * SECOND) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

/** The same as part of a sentence: `just now`, `12 s ago`. */
export function ago(at: number, now: number): string {
  const text = age(at, now);
  return text === "now" ? "just now" : `${text} ago`;
}

/** Until when something waits: `in 40 s`, `any moment`. */
export function until(at: number, now: number): string {
  const ms = at - now;
  if (ms < SECOND) return "any moment";
  return `in ${duration(ms < MINUTE ? Math.round(ms / SECOND) * SECOND : ms).replace(/\.\d/, "")}`;
}

/** The exact time, for hovering: date and seconds. */
export function exact(at: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(
    at,
  );
}

/** `12:04`, with the day when it is not today. */
export function clockTime(at: number, now: number): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return new Intl.DateTimeFormat(undefined, {
    hour: "2-digit",
    hourCycle: "h23",
    minute: "2-digit",
    ...(sameDay ? {} : { day: "numeric", month: "short" }),
  }).format(at);
}
