export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

/** Structured events with stable dotted names (docs/log-events.md). Fields outside the allow-list are dropped by the writer. */
export interface Log {
  event(name: string, fields?: LogFields): void;
  warn(name: string, fields?: LogFields): void;
  error(name: string, fields?: LogFields): void;
}
