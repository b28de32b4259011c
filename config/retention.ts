/** How long what is kept is kept, by default. Timers act on it (src/domain/retention), and the data map says it to everybody. */
export const RETENTION = {
  /** A person who has not been heard of for so long is erased. */
  silentMonths: 24,
  /** One who left: what proves their consent and their leaving outlasts the time in which somebody may ask for it. */
  leftMonths: 36,
  /** Whether one message was delivered to, or read by, one person; then only how many. */
  receiptDays: 30,
  /** What was done in an account, and what was exported. */
  securityLogDays: 30,
  /** That a mail was sent; its text goes with the key of its day. */
  mailDays: 30,
  /** Everything of an account whose subscription was cancelled, if its owner wishes. */
  cancelledDays: 30,
  /** Which Pages a deleted account had: so long people may come back from its archive. */
  returnDays: 90,
  /** Who unsubscribed and which API keys were revoked, beside the key ring: longer than anybody should keep a backup of the database. */
  endedDays: 90,
} as const;
