import type { LeadStatus, OptInMode } from '../lead-status.types';
import { receiptTexts } from './receipt-texts.rules';
import { replyTexts } from './reply-texts.rules';

export type ReplyKind =
  | 'welcome'
  | 'confirm_unsubscribed'
  | 'confirm_subscribed'
  | 'ask_subscribe'
  | 'notice_link'
  | 'my_consent'
  | 'my_data'
  | 'ask_erasure'
  | 'erasure_link'
  | 'test';

/** Payloads live as long as the buttons people still see: they never change. */
const UNSUBSCRIBE = 'assent:v1:unsubscribe';
const SUBSCRIBE = 'assent:v1:subscribe';
const CONSENT_YES = 'assent:v1:consent:yes';
const CONSENT_NO = 'assent:v1:consent:no';
const ERASE_YES = 'assent:v1:erase:yes';
const ERASE_AND_MARK = 'assent:v1:erase:mark';
const ERASE_NO = 'assent:v1:erase:no';

/** Meta's window is 24 h; a reply that waited longer than this is not worth the risk. */
export const MAX_REPLY_AGE_MS = 23 * 3_600_000;

interface Button {
  readonly type: 'postback' | 'web_url';
  readonly title: string;
  readonly payload?: string;
  readonly url?: string;
}

export interface ReplyContent {
  readonly attachment: {
    readonly type: 'template';
    readonly payload: { readonly template_type: 'button'; readonly text: string; readonly buttons: readonly Button[] };
  };
}

export interface ReplyFacts {
  readonly kind: Exclude<ReplyKind, 'test'>;
  readonly language: string;
  readonly optInMode: OptInMode;
  /** The person's own page with the notice and an unsubscribe button. */
  readonly noticeUrl: string;
  /** The whole welcome wording; only for `welcome`. */
  readonly notice: string;
  /** What the person agreed to; only for `my_consent`. */
  readonly receipt: string;
  /** The page of the person's erasure, with its secret part; only for `erasure_link`. */
  readonly erasureUrl: string;
}

/** What a reply says, always with the buttons that answer it. */
export function renderReply({
  kind,
  language,
  optInMode,
  noticeUrl,
  notice,
  receipt,
  erasureUrl,
}: ReplyFacts): ReplyContent {
  const texts = replyTexts(language);
  const link: Button = { type: 'web_url', title: texts.notice, url: noticeUrl };
  const tap = (title: string, payload: string): Button => ({ type: 'postback', title, payload });
  switch (kind) {
    case 'welcome':
      return optInMode === 'explicit'
        ? template(notice, [tap(texts.yes, CONSENT_YES), tap(texts.no, CONSENT_NO), link])
        : template(notice, [tap(texts.unsubscribe, UNSUBSCRIBE), link]);
    case 'confirm_unsubscribed':
      return template(texts.unsubscribed, [tap(texts.subscribeAgain, SUBSCRIBE)]);
    case 'confirm_subscribed':
      return template(texts.subscribed, [tap(texts.unsubscribe, UNSUBSCRIBE)]);
    case 'ask_subscribe':
      return template(texts.askSubscribe, [tap(texts.subscribe, SUBSCRIBE)]);
    case 'notice_link':
      return template(texts.noticeLink, [link]);
    case 'my_data':
      return template(texts.yourData, [{ ...link, title: texts.seeData, url: `${noticeUrl}/data` }]);
    case 'ask_erasure':
      return template(texts.askErasure, [
        tap(texts.eraseYes, ERASE_YES),
        tap(texts.eraseAndMark, ERASE_AND_MARK),
        tap(texts.eraseNo, ERASE_NO),
      ]);
    case 'erasure_link':
      return template(texts.erasing, [{ type: 'web_url', title: texts.certificate, url: erasureUrl }]);
    case 'my_consent':
      return template(receipt, [{ ...link, title: receiptTexts(language).seeProof, url: `${noticeUrl}/consent` }]);
  }
}

const template = (text: string, buttons: readonly Button[]): ReplyContent => ({
  attachment: { type: 'template', payload: { template_type: 'button', text, buttons } },
});

/** Why a reply is not sent any more; null when it is. */
export function replySkipReason(
  kind: ReplyKind,
  lead: { readonly status: LeadStatus; readonly isRestricted: boolean },
  ageMs: number,
): string | null {
  if (lead.status === 'erasing' && kind !== 'erasure_link') return 'erased';
  if (ageMs > MAX_REPLY_AGE_MS) return 'window_closed';
  const isNews = kind === 'welcome' || kind === 'test';
  if (isNews && lead.status === 'unsubscribed') return 'unsubscribed';
  if (kind !== 'test') return null;
  if (lead.isRestricted) return 'restricted';
  if (lead.status === 'suppressed') return 'suppressed';
  return lead.status === 'subscribed' ? null : 'no_consent';
}
