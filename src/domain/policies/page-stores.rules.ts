import type { Store } from './data-map.types';
import { named, table, technical, UNTIL_ACCOUNT } from './table.rules';

/** Pages, what they say and what they send. */
export const PAGE_STORES: readonly Store[] = [
  table('page', 'Connected Pages.', UNTIL_ACCOUNT, [
    technical(
      'id account_id state stop_reason stop_code stop_subcode stopped_at rate_per_second accept_risk_above_40 time_zone quiet_hours setup is_ending created_at updated_at',
      'account',
    ),
    named('public_id', 'Names the Page here, and its key ring.'),
    {
      fields: 'meta_page_id name opt_in_mode basis addresses_eea notice_version',
      about: 'account',
      class: 'content',
      form: 'plain',
      purpose:
        'The Page as everybody sees it on Facebook, and how consent is taken on it. Webhooks are told apart by it.',
    },
    {
      fields: 'token_ct',
      about: 'account',
      class: 'technical',
      form: 'ciphertext under the key of the Page',
      purpose: 'The token with which Meta is called.',
    },
  ]),
  table('notice', 'Wordings that people are shown.', UNTIL_ACCOUNT, [
    technical('page_id version language surface created_at', 'account'),
    {
      fields: 'body sha256',
      about: 'account',
      class: 'content',
      form: 'plain',
      purpose: 'The text, which everybody sees who writes to the Page, and its hash, which stands in the log.',
    },
  ]),
  table('broadcast', 'Broadcasts and drafts.', UNTIL_ACCOUNT, [
    technical(
      'id account_id purpose status blocked_reason out_of_window scheduled_at start_at rate_per_second start_delay_seconds status_before_pause launched_at frozen_at completed_at receipts_counted_at cancelled_at created_at updated_at',
      'account',
    ),
    named('public_id', 'Names the broadcast.'),
    {
      fields: 'definition_ct',
      about: 'account',
      class: 'content',
      form: 'ciphertext under the key of the account',
      purpose: 'Name, message and audience.',
    },
    {
      fields: 'content_sha256',
      about: 'account',
      class: 'content',
      form: 'hash',
      purpose: 'Stands in the log in place of the message.',
    },
  ]),
  table('broadcast_page', 'A broadcast on one Page.', UNTIL_ACCOUNT, [
    technical(
      'broadcast_id page_id state blocked_reason generation refused_in_a_row last_claim_at delivered_kept read_kept',
      'account',
    ),
  ]),
  table('tag', 'Labels that an account gives.', UNTIL_ACCOUNT, [
    technical('id account_id', 'account'),
    {
      fields: 'name_ct',
      about: 'account',
      class: 'content',
      form: 'ciphertext under the key of the account',
      purpose: 'The word.',
    },
    {
      fields: 'name_index',
      about: 'account',
      class: 'content',
      form: 'keyed hash',
      purpose: 'Finds the word.',
    },
  ]),
  table('key_bucket', 'Which version of a bucket of keys is in force.', UNTIL_ACCOUNT, [
    technical('page_id bucket key_version', 'account'),
  ]),
  table('page_pace', 'How fast a Page may be sent on.', UNTIL_ACCOUNT, [
    technical('page_id next_free_at throttled_until throttle_level', 'account'),
  ]),
  table('page_lane', 'Who is sending on a Page.', UNTIL_ACCOUNT, [
    technical('page_id lane holder held_until', 'account'),
  ]),
];
