/** Where the runner's parts log. Fields never hold secrets, prompts or file contents. */
export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
};
