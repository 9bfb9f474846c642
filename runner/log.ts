/** Where the runner's parts log. Fields never hold secrets, prompts or file contents. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};

export type LogLevel = "debug" | "info" | "warn" | "error";
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A log of JSON lines. `write` gets each line with its end. */
export function createLog(options: {
  level: LogLevel;
  now: () => number;
  write: (line: string) => void;
}): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
      options.write(`${JSON.stringify({ time: options.now(), level, message, ...fields })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
