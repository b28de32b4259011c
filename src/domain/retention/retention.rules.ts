import { RETENTION } from '../../../config/retention';

const DAY_MS = 86_400_000;

/** What goes by age. */
export type RetentionRule = 'silent_people' | 'people_who_left' | 'receipts' | 'security_log';

/** What is older than its moment goes. */
export type Cutoffs = Readonly<Record<RetentionRule, Date>>;

/** The same day and time so many months earlier; of a month that is shorter, its last day. UTC. */
export function monthsBefore(at: Date, months: number): Date {
  const earlier = new Date(at);
  earlier.setUTCMonth(earlier.getUTCMonth() - months);
  if (earlier.getUTCDate() !== at.getUTCDate()) earlier.setUTCDate(0);
  return earlier;
}

export const cutoffsAt = (now: Date): Cutoffs => ({
  silent_people: monthsBefore(now, RETENTION.silentMonths),
  people_who_left: monthsBefore(now, RETENTION.leftMonths),
  receipts: receiptsBefore(now),
  security_log: new Date(now.getTime() - RETENTION.securityLogDays * DAY_MS),
});

/** Deliveries that began before it keep no receipts. */
const receiptsBefore = (now: Date): Date => new Date(now.getTime() - RETENTION.receiptDays * DAY_MS);

/** Each rule in a sentence. */
export const RULE_SENTENCES: Readonly<Record<RetentionRule, string>> = {
  silent_people: `people of whom nothing was heard for ${String(RETENTION.silentMonths)} months are erased`,
  people_who_left: `people who left are erased ${String(RETENTION.leftMonths)} months after they left or were last heard of`,
  receipts: `delivered and read, person by person, become counts ${String(RETENTION.receiptDays)} days after the message left`,
  security_log: `what was done in an account is forgotten after ${String(RETENTION.securityLogDays)} days`,
};
