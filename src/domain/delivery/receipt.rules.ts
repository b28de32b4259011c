import { receiptTexts } from './receipt-texts.rules';

/** Of a button template. Source: Messenger Platform, button template reference, checked 2026-11-23. */
const MOST_CHARS = 640;

/** What counts of an entry of a person's chain. */
interface ChainEntry {
  readonly n: number;
  readonly kind: string;
  /** RFC 3339: when it was written, and when the person acted. */
  readonly at: string;
  readonly eventAt: string | null;
  readonly purposes: readonly string[];
}

/** Where a person's consent stands. */
export interface StandingConsent<Entry extends ChainEntry = ChainEntry> {
  /** The act that permits, or last permitted, broadcasts; null when there was none. */
  readonly grant: Entry | null;
  /** The withdrawal after it; null when the consent stands, or there was neither. */
  readonly withdrawal: Entry | null;
  /** The last text sent to the person before the grant, or else the first one after it; null when none ever was. */
  readonly shown: Entry | null;
}

/** @param history the person's chain, in order */
export function consentOf<Entry extends ChainEntry>(history: readonly Entry[]): StandingConsent<Entry> {
  const grant = history.findLast(({ purposes }) => purposes.includes('marketing.broadcast')) ?? null;
  const withdrawal = history.findLast(({ kind, n }) => kind === 'withdraw' && n > (grant?.n ?? 0)) ?? null;
  return { grant, withdrawal, shown: grant === null ? null : shownTo(history, grant) };
}

function shownTo<Entry extends ChainEntry>(history: readonly Entry[], grant: Entry): Entry | null {
  const shown = history.filter(({ kind }) => kind === 'notice_shown');
  return shown.findLast((entry) => isBefore(entry, grant)) ?? shown[0] ?? null;
}

/** By the chain and by the clock: a late webhook misleads the one, clocks that do not agree the other. */
const isBefore = (shown: ChainEntry, grant: ChainEntry): boolean => shown.n < grant.n && shown.at < actedAt(grant);

/**
 * What a person is told who asks what they agreed to: the act, its time, and the wording they were sent.
 *
 * @param wording of the entry `shown`; null when nobody knows of one
 */
export function receiptText(language: string, consent: StandingConsent, wording: string | null): string {
  const texts = receiptTexts(language);
  const { grant, withdrawal, shown } = consent;
  const left = withdrawal === null ? [] : [texts.withdrew(moment(withdrawal))];
  if (grant === null) return [...left, texts.none].join('\n');
  const agreed = (grant.kind === 'opt_in' ? texts.opened : texts.agreed)(moment(grant));
  if (shown === null || wording === null) return [...left, agreed].join('\n');
  const sent = (isBefore(shown, grant) ? texts.sentBefore : texts.sentAfter)(moment(shown));
  const around = [...left, agreed, sent].join('\n');
  return `${around}\n\u201c${cut(wording, MOST_CHARS - around.length - 3)}\u201d`;
}

const actedAt = ({ eventAt, at }: ChainEntry): string => eventAt ?? at;

/** `2026-11-23 10:11 UTC`: the same in every language. */
const moment = (entry: ChainEntry): string => `${actedAt(entry).slice(0, 16).replace('T', ' ')} UTC`;

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/\p{Surrogate}$/u, '')}\u2026`;
}
