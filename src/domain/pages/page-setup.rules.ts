import { createHash } from 'node:crypto';
import type { PageProfile } from './page-graph.types';

/** Without these the product does not work: they make leads, opt-outs and the facts of a delivery. */
export const MINIMAL_FIELDS = [
  'messages',
  'messaging_postbacks',
  'messaging_optins',
  'message_deliveries',
  'message_reads',
  'message_echoes',
  'messaging_referrals',
] as const;

/**
 * All that the product understands. One field the app has no permission for makes Meta refuse the whole list.
 * Source: Messenger Platform, webhook events and the Page `subscribed_fields` enum, checked 2026-11-23.
 */
export const RECOMMENDED_FIELDS = [
  ...MINIMAL_FIELDS,
  'messaging_optouts',
  'messaging_policy_enforcement',
  'messaging_handovers',
  'standby',
  'message_reactions',
  'message_edits',
  'messaging_account_linking',
  'marketing_message_delivery_failed',
  'marketing_message_echoes',
  'business_integrity',
  'messaging_integrity',
] as const;

export const LOST_WITHOUT_RECOMMENDED: readonly string[] = RECOMMENDED_FIELDS.slice(MINIMAL_FIELDS.length);

/** Payloads live as long as the buttons people still see: they never change. */
const GET_STARTED = 'assent:v1:start';
const UNSUBSCRIBE = 'assent:v1:unsubscribe';
const NOTICE = 'assent:v1:notice';
const DATA = 'assent:v1:data';
const ERASE = 'assent:v1:erase';

/** A greeting has at most 160 characters. Source: Messenger Platform, greeting text, checked 2026-11-23. */
const GREETING_MAX_CHARACTERS = 160;

export function pageProfile(pageName: string): PageProfile {
  const greeting = `Welcome to ${pageName}. Tap Get Started to talk to our automated assistant.`;
  return {
    greeting: greeting.slice(0, GREETING_MAX_CHARACTERS).replace(/\p{Cs}/gu, ''),
    getStartedPayload: GET_STARTED,
    menu: [
      { title: 'Unsubscribe', payload: UNSUBSCRIBE },
      { title: 'Privacy and notice', payload: NOTICE },
      { title: 'My data', payload: DATA },
      { title: 'Delete my data', payload: ERASE },
    ],
  };
}

/** Tells whether a Page still has the profile that this release gives it. */
export const profileSha256 = (pageName: string): string =>
  createHash('sha256')
    .update(JSON.stringify(pageProfile(pageName)))
    .digest('hex');
