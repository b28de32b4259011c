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
}

/** @param history the person's chain, in order */
export function consentOf<Entry extends ChainEntry>(history: readonly Entry[]): StandingConsent<Entry> {
  const grant = history.findLast(({ purposes }) => purposes.includes('marketing.broadcast')) ?? null;
  const withdrawal = history.findLast(({ kind, n }) => kind === 'withdraw' && n > (grant?.n ?? 0)) ?? null;
  return { grant, withdrawal };
}

/** What a person is told who asks what they agreed to: the act, its time, the wording they were shown. */
export function receiptText(language: string, { grant, withdrawal }: StandingConsent, wording: string | null): string {
  const texts = receiptTexts(language);
  const left = withdrawal === null ? [] : [texts.withdrew(moment(withdrawal))];
  if (grant === null) return [...left, texts.none].join('\n');
  const isByOpening = grant.kind === 'opt_in';
  const agreed = (isByOpening ? texts.opened : texts.agreed)(moment(grant));
  const around = [...left, agreed].join('\n');
  return wording === null ? around : `${around}\n\u201c${cut(wording, MOST_CHARS - around.length - 3)}\u201d`;
}

/** `2026-11-23 10:11 UTC`: the same in every language. */
const moment = ({ eventAt, at }: ChainEntry): string => `${(eventAt ?? at).slice(0, 16).replace('T', ' ')} UTC`;

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/\p{Surrogate}$/u, '')}\u2026`;
}
