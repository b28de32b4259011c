import { momentMs, text, textOrDigits, type Fields } from './fields.rules';
import type { InboundEvent } from './inbound.types';

type MarketingOptin = Extract<InboundEvent, { readonly kind: 'marketing_optin' }>;

/** Reads an opt-in: of a plugin (no `type`), or of marketing messages with their stop and resume. */
export function readOptin(optin: Fields): InboundEvent {
  const type = text(optin, 'type');
  if (type === null) return { kind: 'optin_plugin', ref: text(optin, 'ref'), userRef: textOrDigits(optin, 'user_ref') };
  if (type !== 'notification_messages') return { kind: 'ignored', reason: 'legacy_optin' };
  const tokenStatus = tokenStatusOf(text(optin, 'user_token_status'));
  const status = marketingStatus(text(optin, 'notification_messages_status'), tokenStatus);
  if (status === null) return { kind: 'ignored', reason: 'malformed' };
  return {
    kind: 'marketing_optin',
    status,
    token: textOrDigits(optin, 'notification_messages_token'),
    tokenStatus,
    expiresAtMs: momentMs(optin, 'token_expiry_timestamp'),
    title: text(optin, 'title'),
    payload: text(optin, 'payload'),
  };
}

/** Meta's page prints "STOP NOTIFICATIONS", code in the wild compares with "STOP_NOTIFICATIONS": both count. */
function marketingStatus(raw: string | null, token: MarketingOptin['tokenStatus']): MarketingOptin['status'] | null {
  if (raw === null) return token === 'refreshed' ? 'renewed' : 'granted';
  const word = raw.toUpperCase();
  if (word.startsWith('STOP')) return 'stopped';
  return word.startsWith('RESUME') ? 'resumed' : null;
}

function tokenStatusOf(raw: string | null): MarketingOptin['tokenStatus'] {
  const word = raw?.toUpperCase().replaceAll(' ', '_');
  if (word === 'REFRESHED') return 'refreshed';
  return word === 'NOT_REFRESHED' ? 'not_refreshed' : null;
}
