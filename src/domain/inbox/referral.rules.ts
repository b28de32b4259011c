import { identifier, text, type Fields } from './fields.rules';
import type { Referral, ReferralSource } from './inbound.types';

const SOURCES: ReadonlyMap<string, ReferralSource> = new Map([
  ['SHORTLINK', 'shortlink'],
  ['ADS', 'ads'],
  ['CUSTOMER_CHAT_PLUGIN', 'customer_chat_plugin'],
  ['DISCOVER_TAB', 'discover_tab'],
  ['MESSENGER_CODE', 'messenger_code'],
]);

/** How the person came. In the EU and Japan Meta leaves `source` out. */
export function readReferral(value: Fields): Referral {
  const source = text(value, 'source');
  return {
    ref: text(value, 'ref'),
    source: source === null ? 'none' : (SOURCES.get(source.toUpperCase()) ?? 'other'),
    type: identifier(value, 'type'),
    adId: identifier(value, 'ad_id'),
  };
}
