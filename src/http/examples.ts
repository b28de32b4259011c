/** Examples of the OpenAPI document; a test reads each with the schema it stands for. */
const LEAD_ID = '0b0f2f5e-3c5c-4a53-8a3d-6f6f2c3f5a10';
const PAGE_ID = '104857600000001';
const AT = '2026-11-23T10:11:12.403Z';
const LATER = '2026-11-24T08:30:00.000Z';
const STATS = {
  audience: 1_200,
  pending: 0,
  sending: 0,
  held: 0,
  accepted: 1_100,
  rejected: 3,
  uncertain: 1,
  skipped: { unsubscribed: 40, window_closed: 56 },
  delivered: 1_080,
  read: 700,
  clicked: 0,
  unsubscribed: 6,
};

export const LEAD_EXAMPLE = {
  id: LEAD_ID,
  page_id: PAGE_ID,
  status: 'subscribed',
  tags: ['berlin', 'newsletter'],
  opted_in_at: AT,
  withdrawn_at: null,
  last_inbound_at: AT,
  notice_shown_at: AT,
  unreachable_at: null,
  created_at: AT,
};

export const ERASURE_EXAMPLE = {
  id: 'f0a3c3b4-57a0-4f3f-9a35-5f6f6d1f2b11',
  state: 'waiting',
  status_url: 'https://bot.example.com/erasure/3f9c2b7d0a1e4c58b6d7e8f901234567',
  requested_at: AT,
  rows_deleted_at: null,
  keys_destroyed_at: null,
  completed_at: null,
  recipients: { notified: 0, pending: 0, failed: 0 },
  certificate: null,
};

export const RECIPIENT_EXAMPLE = {
  id: 'a41f6a0e-3c0b-4d52-9d0f-2f6d4f1c7b30',
  name: 'Harbour Newsletter Ltd',
  purpose: 'Prints and posts the vouchers that people ask for',
  country: 'DE',
  kind: 'integration',
  receives: 'disclosed',
  endpoint: 'https://recipient.example.com/assent',
  created_at: AT,
  ended_at: null,
  last_disclosed_at: AT,
};

export const ACCESS_EXAMPLE = {
  format: 'assent-access/v1',
  made_at: AT,
  page: { page_id: '900000000000001', name: 'Harbour Coffee' },
  sections: [
    {
      name: 'identity',
      what: 'The number by which Messenger knows you on this Page.',
      source: 'You, by what you did in Messenger.',
      purpose: 'Without it no message could be sent to you.',
      recipients: 'Meta.',
      retention: 'Until you ask for it to be deleted.',
      records: [{ page_scoped_id: '6230000000000001', first_seen_at: AT }],
    },
  ],
  not_shown: ["Meta's own copy of the conversation."],
};

export const CONSENT_ENTRY_EXAMPLE = {
  entry_id: '5d9a5e36-7f8a-4f3b-9f6e-0e3d9b1c7a42',
  kind: 'opt_in',
  n: 1,
  at: AT,
  event_at: AT,
  via: 'get_started',
  state: 'subscribed',
  purposes: ['broadcast'],
  basis: 'gdpr.6.1.a',
  notice: { version: 1, language: 'en', sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' },
  commitment: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
};

export const API_KEY_EXAMPLE = {
  id: '7c1d2f34-5a6b-4c7d-8e9f-a0b1c2d3e4f5',
  prefix: 'k3v9q2xw',
  scopes: ['broadcasts:read', 'leads:read'],
  created_at: AT,
  expires_at: null,
  revoked_at: null,
  last_used_at: null,
};

export const PAGE_EXAMPLE = {
  id: '2f6b7c8d-9e0f-4a1b-8c2d-3e4f5a6b7c8d',
  page_id: PAGE_ID,
  name: 'Corner Bakery',
  state: 'active',
  stop: null,
  opt_in_mode: 'explicit',
  basis: 'gdpr.6.1.a',
  addresses_eea: true,
  rate_per_second: 35,
  time_zone: 'Europe/Berlin',
  quiet_hours: null,
  notice: { version: 1, texts: { en: 'I am the automated assistant of Corner Bakery. Our menu, once a week.' } },
  setup: { state: 'complete', subscribed_fields: ['messages', 'messaging_postbacks'], lost_fields: [], faults: [] },
  m_me_link: `https://m.me/${PAGE_ID}`,
  created_at: AT,
  updated_at: AT,
};

export const CREATE_BROADCAST_EXAMPLE = {
  name: 'Opening',
  purpose: 'promotional',
  page_ids: [PAGE_ID],
  message: {
    text: 'Hello {{first_name|there}}, we open on Monday.',
    buttons: [{ type: 'url', title: 'Menu', url: 'https://example.com/menu' }],
  },
  audience: { tags_any: ['newsletter'], window: 'open' },
  schedule: { at: LATER },
};

export const BROADCAST_SUMMARY_EXAMPLE = {
  id: 'c0a8012e-1f2d-4c3b-9a4f-5b6c7d8e9f01',
  name: 'Opening',
  purpose: 'promotional',
  status: 'completed',
  blocked_reason: null,
  out_of_window: 'skip',
  schedule: { at: LATER },
  start_at: LATER,
  rate_per_second: null,
  start_delay_seconds: 0,
  launched_at: AT,
  frozen_at: LATER,
  completed_at: '2026-11-24T08:31:02.118Z',
  cancelled_at: null,
  created_at: AT,
  updated_at: '2026-11-24T08:31:02.118Z',
};

export const BROADCAST_EXAMPLE = {
  ...BROADCAST_SUMMARY_EXAMPLE,
  page_ids: [PAGE_ID],
  message: CREATE_BROADCAST_EXAMPLE.message,
  audience: CREATE_BROADCAST_EXAMPLE.audience,
  pages: [{ page_id: PAGE_ID, name: 'Corner Bakery', state: 'done', blocked_reason: null, stats: STATS }],
  stats: STATS,
};

const COUNTS = { audience: 1_200, eligible: 1_104, paths: { standard: 1_104 }, skipped: { window_closed: 96 } };

export const ESTIMATE_EXAMPLE = {
  ...COUNTS,
  pages: [{ page_id: PAGE_ID, ...COUNTS }],
  rule_version: '2026-11-01',
  evaluated_at: AT,
};

export const PREFLIGHT_EXAMPLE = {
  ...ESTIMATE_EXAMPLE,
  pages: [
    {
      page_id: PAGE_ID,
      name: 'Corner Bakery',
      ...COUNTS,
      rate_per_second: 35,
      estimated_seconds: 35,
      opt_in_proves:
        'explicit: who came since the Page is in this mode tapped the button that agrees to the text shown; who came before opened the conversation and was shown the text of that time, not more',
    },
  ],
  estimated_seconds: 35,
  eligible_at_start: null,
  preview: { text: 'Hello there, we open on Monday.' },
  warnings: [{ code: 'opt_in_proof', detail: 'explicit: the person agreed by a tap', page_id: PAGE_ID }],
};

export const DELIVERY_EXAMPLE = {
  seq: 1,
  id: 'e1f20314-2536-4758-869a-bcdef0123456',
  page_id: PAGE_ID,
  lead_id: LEAD_ID,
  status: 'accepted',
  reason: null,
  path: 'standard',
  basis: 'gdpr.6.1.a',
  consent_entry: CONSENT_ENTRY_EXAMPLE.entry_id,
  notice_version: 1,
  rule_version: '2026-11-01',
  attempt: 1,
  post_started_at: LATER,
  settled_at: LATER,
  delivered_at: LATER,
  read_at: null,
  clicked_at: null,
  unsubscribed_at: null,
  error_code: null,
  error_subcode: null,
};

export const PROGRESS_EXAMPLE = [
  'retry: 2000\n\n',
  `event: progress\ndata: ${JSON.stringify({ status: 'sending', blocked_reason: null, stats: STATS })}\n\n`,
  ': still here\n\n',
].join('');

export const ASKED_ACCOUNT_DELETION_EXAMPLE = {
  id: '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a10',
  confirm_until: AT,
  would_delete: { pages: 1, leads: 1200, broadcasts: 14, messages: 15030, ledger_entries: 2480, api_keys: 2 },
  backup_downloaded_at: AT,
};

export const MAIL_EXAMPLE = {
  id: '0f6f3c0e-7f51-4a10-9d6e-8f0f5a1f9a11',
  kind: 'account_deletion_asked',
  state: 'sent',
  attempts: 1,
  created_at: AT,
  settled_at: AT,
  content: null,
};

export const RETENTION_EXAMPLE = {
  at: AT,
  rules: [
    {
      rule: 'silent_people',
      sentence: 'people of whom nothing was heard for 24 months are erased',
      before: '2024-11-23T10:11:12.403Z',
      count: 3,
    },
  ],
};

export const SUBSCRIPTION_EXAMPLE = { state: 'active', cancelled_at: null, delete_at: null };
export const CANCELLED_EXAMPLE = { data: 'keep', delete_at: '2026-12-23T10:11:12.403Z', confirm_until: null };
