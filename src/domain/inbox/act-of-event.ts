import type { Act, OptInVia } from '../consent';
import type { ErasureAnswer, WordKind } from '../unsubscribe';
import type { ParsedEvent, ParsedEventOf, Referral } from './inbound.types';
import { readTap, type Tap } from './payload.rules';

/** Source: Messenger Platform, m.me links, checked 2026-11-23. */
const MOST_REF_CHARS = 2_083;

/** What the words of a message ask for, or answer, taken as a whole. */
export type Word = WordKind | ErasureAnswer | null;

/** What one event says of a person. */
export interface PersonAct {
  readonly act: Act;
  /** Opens the window in which the Page may answer. Source: Messenger Platform, "24-hour window", checked 2026-11-23. */
  readonly opensWindow: boolean;
  /** A message that came by way of an ad. */
  readonly isFromAd: boolean;
  readonly ref: string | null;
  readonly asksForNotice: boolean;
  /** Wants to see what they agreed to. */
  readonly asksForReceipt: boolean;
  /** Wants to see everything that is kept about them. */
  readonly asksForAccess: boolean;
  /** Asks to be erased, which is asked back once. */
  readonly asksForErasure: boolean;
  /** Says yes to that: by the button of the question, or by typing its title, which alone might have been meant to ask. */
  readonly confirmsErasure: 'tapped' | 'typed' | null;
  /** And wishes that a sealed mark stays, by which they are never written to again. */
  readonly keepsMark: boolean;
  readonly deliveryUuid: string | null;
}

type Moment = Pick<Act, 'at' | 'receivedAt' | 'creates' | 'startedBy' | 'hasWords'>;

/**
 * Says what an event means for the person's consent; null for events that are no act of theirs.
 *
 * @param word of the event's text, if it has one
 */
export function actOf(event: ParsedEvent, receivedAt: Date, word: Word): PersonAct | null {
  const at = new Date(event.atMs ?? event.entryAtMs ?? receivedAt.getTime());
  const moment = { at, receivedAt };
  if (event.kind === 'message') return messageAct(event, moment, word);
  if (event.kind === 'postback') return postbackAct(event, moment);
  if (event.kind === 'referral') return referralAct(event, moment);
  if (event.kind === 'optin_plugin') return pluginAct(event, moment);
  if (event.kind === 'marketing_optin') return marketingAct(event, moment);
  return quietAct(event, moment, word);
}

type When = Pick<Act, 'at' | 'receivedAt'>;

const still = (moment: When): Moment => ({ ...moment, creates: false, startedBy: 'first_message', hasWords: false });

/** An app that is not in control of the thread only looks on: what it sees there starts no conversation with it. */
const opening = (event: ParsedEvent, moment: When, startedBy: OptInVia): Moment => ({
  ...moment,
  creates: event.channel !== 'standby',
  startedBy,
  hasWords: false,
});

const plain = (act: Act): PersonAct => ({
  act,
  opensWindow: false,
  isFromAd: false,
  ref: null,
  asksForNotice: false,
  asksForReceipt: false,
  asksForAccess: false,
  asksForErasure: false,
  confirmsErasure: null,
  keepsMark: false,
  deliveryUuid: null,
});

/** Acts in a thread that is there already: none of them starts one, and only a reaction opens the window. */
function quietAct(event: ParsedEvent, moment: When, word: Word): PersonAct | null {
  if (event.kind === 'optout') return plain({ ...still(moment), creates: true, kind: 'stop', via: 'meta_stop' });
  if (event.kind === 'message_edit' && endsBulk(word)) return plain({ ...still(moment), kind: 'stop', via: 'keyword' });
  if (event.kind !== 'reaction') return null;
  return { ...plain({ ...still(moment), kind: 'ordinary' }), opensWindow: event.action === 'react' };
}

function referralAct(event: ParsedEventOf<'referral'>, moment: When): PersonAct {
  const start = opening(event, moment, startOf(event.referral, 'referral'));
  return { ...plain({ ...start, kind: 'ordinary' }), ...cameBy(event.referral), opensWindow: true };
}

function pluginAct(event: ParsedEventOf<'optin_plugin'>, moment: When): PersonAct {
  const ref = event.ref === null ? null : storable(event.ref);
  return { ...plain({ ...opening(event, moment, 'optin_plugin'), kind: 'ordinary' }), ref };
}

function marketingAct(event: ParsedEventOf<'marketing_optin'>, moment: When): PersonAct {
  const start = opening(event, moment, 'marketing_optin');
  if (event.status === 'stopped') return plain({ ...start, creates: true, kind: 'stop', via: 'meta_stop' });
  return plain({ ...start, kind: 'explicit', via: 'marketing_optin' });
}

function messageAct(event: ParsedEventOf<'message'>, moment: When, word: Word): PersonAct {
  const tap = readTap(event.quickReplyPayload);
  const start = { ...opening(event, moment, startOf(event.referral, 'first_message')), hasWords: tap === null };
  const act = tap === null ? spokenAct(event, start, word) : tappedAct(tap, start, 'quick_reply');
  const mayAsk = tap === null && event.channel !== 'standby';
  const asked = {
    asksForReceipt: mayAsk && word === 'my_consent',
    ...(mayAsk && word === 'my_data' ? ASKS_FOR_ACCESS : {}),
    ...(mayAsk ? saidOfErasure(event, word) : {}),
  };
  return { ...plain(act), ...cameBy(event.referral), ...tapped(tap), ...asked, opensWindow: true };
}

const ASKS_FOR_ACCESS = { asksForAccess: true } as const;

/** A quick reply of another program says what stands on it, which is no answer to a question of ours. */
function saidOfErasure(event: ParsedEventOf<'message'>, word: Word): Partial<PersonAct> {
  if (word !== 'erase' && word !== 'erase_yes' && word !== 'erase_and_mark') return {};
  if (word === 'erase' || event.quickReplyPayload !== null) return { asksForErasure: true };
  return { confirmsErasure: 'typed', keepsMark: word === 'erase_and_mark' };
}

/** Who wants to be erased does not want to be written to in the meantime. */
const endsBulk = (word: Word): boolean =>
  word === 'stop' || word === 'erase' || word === 'erase_yes' || word === 'erase_and_mark';

function spokenAct(event: ParsedEventOf<'message'>, moment: Moment, word: Word): Act {
  if (endsBulk(word)) return { ...moment, creates: true, kind: 'stop', via: 'keyword' };
  if (word === 'start' && event.channel !== 'standby') return { ...moment, kind: 'explicit', via: 'keyword' };
  return { ...moment, kind: 'ordinary' };
}

function postbackAct(event: ParsedEventOf<'postback'>, moment: When): PersonAct {
  const tap = readTap(event.payload);
  const otherwise = tap?.kind === 'get_started' ? 'get_started' : 'first_message';
  const start = opening(event, moment, startOf(event.referral, otherwise));
  const act: Act = tap === null ? { ...start, kind: 'ordinary' } : tappedAct(tap, start, 'button');
  return { ...plain(act), ...cameBy(event.referral), ...tapped(tap), opensWindow: true };
}

function tappedAct(tap: Tap, moment: Moment, via: 'button' | 'quick_reply'): Act {
  switch (tap.kind) {
    case 'unsubscribe':
    case 'decline':
    case 'erase':
      return { ...moment, creates: true, kind: 'stop', via: 'postback' };
    case 'subscribe':
      return { ...moment, kind: 'explicit', via };
    case 'get_started':
      return { ...moment, kind: 'get_started' };
    case 'notice':
    case 'access':
      return { ...moment, kind: 'ordinary' };
    case 'erase_yes':
    case 'erase_and_mark':
      return { ...moment, creates: false, kind: 'stop', via: 'postback' };
    case 'erase_no':
      return { ...moment, creates: false, kind: 'ordinary' };
  }
}

type Tapped = Pick<
  PersonAct,
  'asksForNotice' | 'asksForAccess' | 'asksForErasure' | 'confirmsErasure' | 'keepsMark' | 'deliveryUuid'
>;

const tapped = (tap: Tap | null): Tapped => ({
  asksForNotice: tap?.kind === 'notice',
  asksForAccess: tap?.kind === 'access',
  asksForErasure: tap?.kind === 'erase',
  confirmsErasure: tap?.kind === 'erase_yes' || tap?.kind === 'erase_and_mark' ? 'tapped' : null,
  keepsMark: tap?.kind === 'erase_and_mark',
  deliveryUuid: tap?.kind === 'unsubscribe' ? tap.deliveryUuid : null,
});

function startOf(referral: Referral | null, otherwise: OptInVia): OptInVia {
  if (referral === null) return otherwise;
  return isAd(referral) ? 'ad' : 'referral';
}

const cameBy = (referral: Referral | null): Pick<PersonAct, 'isFromAd' | 'ref'> => ({
  isFromAd: referral !== null && isAd(referral),
  ref: referral === null || referral.ref === null ? null : storable(referral.ref),
});

/** In the EU and Japan Meta leaves the source out; the ad's id still tells. */
const isAd = (referral: Referral): boolean => referral.source === 'ads' || referral.adId !== null;

/** A ref is whatever stood in a link. Half a surrogate pair could not be written into an entry. */
const storable = (ref: string): string => Buffer.from(ref.slice(0, MOST_REF_CHARS)).toString('utf8');
